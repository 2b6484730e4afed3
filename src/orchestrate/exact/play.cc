#include "orchestrate/exact/play.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "model/sampling.h"
#include "rollout/local_engine.h"

namespace troupe::exact {
namespace {

int between(Rng& rng, int low, int high) {
  return low + static_cast<int>(rng.below(static_cast<std::uint64_t>(high - low + 1)));
}

/// When and how a script is played.
struct Schedule {
  LocalEngine::Options engine;
  VirtualOptions clock;
  std::vector<Nanos> arrival;  ///< of each session; empty: one after the other
  bool load_again = false;     ///< between turns, the same weights as a new version
};

int most_tokens(const Script::Session& session) {
  std::size_t tokens = 0;
  for (std::size_t i = 0; i < session.prompts.size(); ++i) {
    tokens += session.prompts[i].size() + static_cast<std::size_t>(session.answers[i]);
  }
  return static_cast<int>(tokens);
}

Schedule draw_schedule(const Case& drawn, const Script& script) {
  Rng rng = drawn.rng("schedule");
  Schedule schedule;
  schedule.clock.seed = rng.next();
  schedule.clock.workers = between(rng, 1, 4);
  schedule.engine.burst = between(rng, 1, 6);
  schedule.engine.end_token = script.end_token;
  schedule.load_again = rng.below(3) == 0;
  schedule.engine.max_sessions = static_cast<std::int64_t>(script.sessions.size());
  for (std::size_t i = 0; i < script.sessions.size(); ++i) {
    schedule.arrival.push_back(rng.below(3) == 0 ? 0 : between(rng, 0, 4) * kMillisecond);
  }
  if (!schedule.load_again) {
    // Room for some of the sessions only: the others wait. (Who waits for all to finish a turn
    // needs all of them in.)
    int longest = 1;
    for (const auto& session : script.sessions) longest = std::max(longest, most_tokens(session));
    const std::size_t one = KvCache::bytes(drawn.config(), longest, drawn.table->dtype);
    schedule.engine.kv_bytes = one * (1 + rng.below(script.sessions.size()));
    schedule.engine.max_sessions = between(rng, 1, static_cast<int>(script.sessions.size()));
  }
  return schedule;
}

class Player {
 public:
  Player(Executor& executor, LocalEngine& engine, const Script& script, const Schedule& schedule,
         std::shared_ptr<const Decoder> decoder)
      : executor_(executor),
        engine_(engine),
        script_(script),
        schedule_(schedule),
        decoder_(std::move(decoder)),
        played_(script.sessions.size()),
        sessions_(script.sessions.size()) {}

  Async<Status> run() {
    std::size_t turns = 1;
    for (const auto& session : script_.sessions) turns = std::max(turns, session.prompts.size());
    if (schedule_.arrival.empty()) {
      for (std::size_t i = 0; i < played_.size(); ++i) {
        Status done = co_await play(i, 0, turns);
        if (!done) co_return done;
      }
      co_return Status();
    }
    const std::size_t stride = schedule_.load_again ? 1 : turns;
    for (std::size_t turn = 0; turn < turns; turn += stride) {
      Gate gate(executor_);
      for (std::size_t i = 0; i < played_.size(); ++i) {
        spawn(arrive(i, turn, turn + stride, Gate::Pass(gate)));
      }
      Status done = co_await gate.drain(Wait(3600 * kSecond, "sessions of the check"));
      if (!done) co_return done;
      if (!failed_) co_return failed_;
      if (!schedule_.load_again) break;
      Version next = engine_.version();
      ++next.number;
      Status loaded = engine_.load(next, decoder_, InFlight::kKeep);
      if (!loaded) co_return loaded;
    }
    co_return Status();
  }

  std::vector<Trajectory> played() && { return std::move(played_); }

 private:
  Async<void> arrive(std::size_t i, std::size_t from, std::size_t to, Gate::Pass pass) {
    const Gate::Pass held = std::move(pass);
    if (schedule_.arrival[i] > 0) co_await sleep_for(executor_, schedule_.arrival[i]);
    Status done = co_await play(i, from, to);
    if (!done && failed_) failed_ = done;
  }

  /// Turns from..to-1 of a session; it ends with its last turn.
  Async<Status> play(std::size_t i, std::size_t from, std::size_t to) {
    const Script::Session& script = script_.sessions[i];
    Trajectory& out = played_[i];
    if (from == 0) {
      const Wait wait(3600 * kSecond, "room in the engine of the check");
      auto opened = co_await engine_.open(most_tokens(script), wait);
      if (!opened) co_return tl::unexpected(opened.error());
      sessions_[i] = std::move(*opened);
    }
    for (std::size_t turn = from; turn < std::min(to, script.prompts.size()); ++turn) {
      Segment shown;
      shown.tokens = script.prompts[turn];
      out.segments.push_back(shown);
      GenerateRequest request;
      for (const Segment& s : out.segments) {
        request.context.append(s.tokens);
      }
      request.max_tokens = script.answers[turn];
      request.sampling.temperature = script_.temperature;
      request.seed = seed_join(script.seed, turn);
      auto answer = co_await engine_.generate(sessions_[i], std::move(request));
      if (!answer) co_return tl::unexpected(answer.error());
      Segment said;
      said.sampled = true;
      said.tokens = std::move(answer->tokens);
      said.logprobs = std::move(answer->logprobs);
      out.segments.push_back(std::move(said));
    }
    if (to >= script.prompts.size()) sessions_[i].reset();
    co_return Status();
  }

  Executor& executor_;
  LocalEngine& engine_;
  const Script& script_;
  const Schedule& schedule_;
  std::shared_ptr<const Decoder> decoder_;
  std::vector<Trajectory> played_;
  std::vector<std::shared_ptr<Session>> sessions_;
  Status failed_;
};

struct Played {
  std::vector<Trajectory> rows;
  std::string error;  ///< not empty: nothing was played, because of this
};

Played play(const Script& script, const Schedule& schedule,
            const std::shared_ptr<const Decoder>& decoder) {
  const auto executor = make_virtual_executor(schedule.clock);
  LocalEngine engine(*executor, schedule.engine, Version(), decoder);
  Player player(*executor, engine, script, schedule, decoder);
  const Status status = executor->run(player.run());
  if (!status) return {{}, status.error().message};
  return {std::move(player).played(), ""};
}

std::vector<float> as_floats(const std::vector<TokenId>& tokens) {
  std::vector<float> out;
  for (const TokenId t : tokens) out.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(t)));
  return out;
}

/// Log-probs of the sampled tokens of a trajectory from a training forward over it alone.
std::vector<float> trained_logprobs(const Decoder& decoder, const Trajectory& row,
                                    float temperature) {
  std::vector<TokenId> tokens;
  std::vector<int> scored;
  std::vector<TokenId> targets;
  for (const Segment& segment : row.segments) {
    for (const TokenId token : segment.tokens) {
      if (segment.sampled) {
        scored.push_back(static_cast<int>(tokens.size()) - 1);
        targets.push_back(token);
      }
      tokens.push_back(token);
    }
  }
  std::vector<float> out;
  std::vector<float> logprobs(static_cast<std::size_t>(decoder.config().vocab));
  const TrainPass::Sequence one{tokens, scored};
  TrainPass pass;
  pass.run(decoder, {&one, 1}, [&](std::size_t index, std::span<float> logits) {
    log_softmax(logits, temperature, logprobs);
    out.push_back(logprobs[static_cast<std::size_t>(targets[index])]);
  });
  return out;
}

}  // namespace

Script draw_script(const Case& drawn) {
  Rng rng = drawn.rng("script");
  Script script;
  script.temperature = rng.below(2) == 0 ? 1.0F : 0.7F;
  script.end_token = between(rng, 0, drawn.config().vocab - 1);
  const auto tokens_of = [&](int count) {
    std::vector<TokenId> tokens;
    for (int i = 0; i < count; ++i) tokens.push_back(between(rng, 0, drawn.config().vocab - 1));
    return tokens;
  };
  const int families = between(rng, 1, 2);
  for (int f = 0; f < families; ++f) {
    const auto prompt = tokens_of(between(rng, 1, rng.below(3) == 0 ? 35 : 8));
    const int members = between(rng, 2, 4);
    for (int m = 0; m < members; ++m) {
      Script::Session session;
      session.seed = rng.next();
      session.prompts.push_back(prompt);
      session.answers.push_back(between(rng, 1, 8));
      while (session.prompts.size() < 3 && rng.below(2) == 0) {
        session.prompts.push_back(tokens_of(between(rng, 1, 6)));
        session.answers.push_back(between(rng, 1, 8));
      }
      script.sessions.push_back(std::move(session));
    }
  }
  return script;
}

std::vector<Trajectory> check_engine(const Case& drawn, const Script& script,
                                     const std::shared_ptr<const Decoder>& decoder, Tally& tally) {
  Schedule plain;
  plain.clock.workers = 1;
  plain.engine.max_sessions = 1;
  plain.engine.burst = 1;
  plain.engine.end_token = script.end_token;
  const Played alone = play(script, plain, decoder);
  Played together = play(script, draw_schedule(drawn, script), decoder);
  for (const Played* played : {&alone, static_cast<const Played*>(&together)}) {
    if (played->error.empty()) continue;
    // A difference, because every session has at least one sampled token.
    tally.compare(Kind::kSamples, std::vector<float>(script.sessions.size(), 0.0F), {},
                  [&] { return "the engine failed: " + played->error; });
    return {};
  }
  for (std::size_t i = 0; i < script.sessions.size(); ++i) {
    const auto& expected = alone.rows[i].segments;
    const auto& got = together.rows[i].segments;
    std::vector<float> recorded;
    for (std::size_t t = 1; t < expected.size(); t += 2) {
      tally.compare(Kind::kSamples, as_floats(expected[t].tokens), as_floats(got[t].tokens),
                    [&] { return fmt::format("tokens of session {}, answer {}", i, t / 2); });
      recorded.insert(recorded.end(), got[t].logprobs.begin(), got[t].logprobs.end());
    }
    tally.compare(
        Kind::kRecorded, trained_logprobs(*decoder, together.rows[i], script.temperature), recorded,
        [&] { return fmt::format("log-probs that the engine recorded in session {}", i); });
  }
  return std::move(together.rows);
}

}  // namespace troupe::exact
