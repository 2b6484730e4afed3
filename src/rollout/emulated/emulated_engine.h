#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "rollout/emulated/answer.h"
#include "rollout/emulated/options.h"
#include "rollout/engine.h"

namespace troupe {

/// Seconds that devices have spent in each phase, added up when a phase ends.
struct DeviceSeconds {
  double load = 0, prefill = 0, decode = 0;
};

/// An instance without a model: its answers come from a script, and it takes the time that a cost
/// model says, on the executor's clock, live or virtual.
///
/// Continuous batching with prefill first, as vLLM's first scheduler does. The device does one
/// thing at a time: it loads weights; or prefills what waits, which gives each request its first
/// token; or decodes a token of every running sequence, step after step. Requests and aborts that
/// come during a step take effect at its end, an abort's reply at once, with the tokens of the
/// steps that are over. Between changes of the batch nothing is scheduled: the time of k steps has
/// a closed form.
///
/// A session's KV cache is of one version; a request of another version prefills its whole context.
/// Memory is counted in tokens and reserved by open(). Loading stops the device for the cost
/// model's time, but weights() are the new ones at once. Decoders may be null.
///
/// Lives on one strand. Its end is a kill(): whatever waits in it fails. Sessions may outlive it.
class EmulatedEngine final : public RolloutEngine {
 public:
  /// The whole answer to a request: a function of its seed, whatever `sampled_before` and
  /// `max_tokens` say. (An answer that depends on the context must not depend on its last
  /// `sampled_before` tokens.)
  using Script = std::function<ScriptedAnswer(const GenerateRequest&)>;

  EmulatedEngine(Executor& executor, const EmulatedOptions& options, Script script,
                 Version version = {}, std::shared_ptr<const Decoder> decoder = nullptr);
  ~EmulatedEngine() override;

  Async<Result<std::shared_ptr<Session>>> open(int max_context, Wait wait) override;
  Async<Result<Generation>> generate(std::shared_ptr<Session> session,
                                     GenerateRequest request) override;
  Status load(Version version, std::shared_ptr<const Decoder> decoder, InFlight in_flight) override;
  std::shared_ptr<const EngineWeights> weights() const override { return weights_; }
  Async<Status> pause(Wait wait) override;
  void resume() override;
  void abort(Session& session) override;
  std::int64_t in_flight() const override { return in_flight_; }
  std::int64_t tokens_sampled() const override { return sampled_; }

  /// Tokens of KV cache that no session has reserved.
  [[nodiscard]] std::int64_t kv_free() const;
  /// Adds the time of its phases to `seconds`, which many instances may share.
  void count_into(std::shared_ptr<DeviceSeconds> seconds) { seconds_ = std::move(seconds); }
  /// Asked at each load(): seconds for which it stops the device, instead of the cost model's.
  void load_takes(std::function<double()> seconds) { load_seconds_ = std::move(seconds); }

  /// The device does something else from now on: what it was doing ends where it is, and nothing
  /// begins before go_on(). Requests, aborts and loads are taken as ever.
  void stop();
  void go_on();

  // Faults, for tests.
  /// It is gone: all its requests fail with kUnavailable, now and from now on.
  void kill();
  /// It stops: what has begun or begins makes no progress any more, until it is aborted or fails.
  void hang();

 private:
  enum class Phase { kIdle, kStarting, kLoad, kPrefill, kDecode };
  class CachedSession;
  struct Shared;
  struct Sequence;
  using Sequences = std::vector<std::shared_ptr<Sequence>>;

  Result<std::shared_ptr<Sequence>> make_sequence(std::shared_ptr<Session> session,
                                                  const GenerateRequest& request);
  /// Something joined or left: looks at the batch at the end of the step in progress.
  void change();
  /// The phase is over: its tokens are there, and the next one begins.
  void advance();
  void count(Phase over);
  void begin(Nanos start);
  /// Moves what waits, as much as fits, to joining_; tokens to be prefilled.
  std::int64_t admit();
  void wake_at(Nanos when);
  // Of a decode phase: when its first `steps` steps are over; how many there are when the step in
  // progress is; how many are over.
  [[nodiscard]] Nanos end_of(std::int64_t steps) const;
  [[nodiscard]] std::int64_t steps_until_now() const;
  [[nodiscard]] std::int64_t steps_over() const;
  /// Tokens that the sequence has sampled by now.
  [[nodiscard]] std::int64_t produced(const Sequence& sequence) const;
  void give_back(Sequence& sequence);
  void end(Sequence& sequence, std::int64_t tokens, FinishReason reason);
  template <class Chosen>
  void abort_where(const Chosen& chosen);

  Executor& executor_;
  EmulatedOptions options_;
  Script script_;
  std::shared_ptr<const EngineWeights> weights_;
  std::shared_ptr<Shared> shared_;
  std::shared_ptr<DeviceSeconds> seconds_;  ///< null: nobody counts
  std::function<double()> load_seconds_;    ///< empty: the cost model's
  bool hung_ = false;
  std::int64_t in_flight_ = 0, sampled_ = 0;

  std::deque<std::shared_ptr<Sequence>> waiting_;
  Sequences joining_;  ///< being prefilled
  Sequences running_;  ///< being decoded
  double load_left_ = 0;

  Phase phase_ = Phase::kIdle;
  Nanos start_ = 0, until_ = 0;  ///< of the phase
  Executor::TimerId timer_ = 0;
  std::int64_t steps_ = 0;                ///< decode steps before this phase, ever
  std::int64_t planned_ = 0, batch_ = 0;  ///< of a decode phase: steps, sequences,
  double context_ = 0;                    ///< and tokens in their contexts at its start
};

}  // namespace troupe
