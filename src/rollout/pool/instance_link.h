#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "rollout/engine.h"

namespace troupe {

/// A request as it travels to an instance. `session` names the context that it extends: unique in
/// the pool, and new to the instance the first time.
struct InstanceRequest {
  std::uint64_t session = 0;
  int max_context = 0;  ///< tokens of KV cache that the session may need there
  GenerateRequest generate;
};

/// What differs between the instances of one policy.
struct InstanceTraits {
  int kind = 0;          ///< of its hardware
  double kv_tokens = 0;  ///< that it holds; 0: as many as the policy says
};

/// How the pool speaks with one instance: by messages. Nothing is promised of a reply but that it
/// answers the request that it was given for: it may come late, twice or never. Lives on the
/// strand.
class InstanceLink {
 public:
  using Reply = std::function<void(Result<Generation>)>;
  virtual ~InstanceLink() = default;

  virtual void generate(InstanceRequest request, Reply reply) = 0;
  /// The session's request, if there is one, ends soon: kAborted.
  virtual void abort(std::uint64_t session) = 0;
  /// The session needs no cache here any more.
  virtual void release(std::uint64_t session) = 0;
  /// As RolloutEngine::load().
  virtual Status load(Version version, std::shared_ptr<const Decoder> decoder,
                      InFlight in_flight) = 0;
  [[nodiscard]] virtual InstanceTraits traits() const { return {}; }
};

/// An engine of this process as an instance.
class EngineLink final : public InstanceLink {
 public:
  /// `open_wait`: how long a new session may wait for the engine's memory. The pool sends an
  /// instance no more than it has room for, so this is short of an engine that counts differently.
  EngineLink(std::shared_ptr<RolloutEngine> engine, Wait open_wait, InstanceTraits traits = {});

  void generate(InstanceRequest request, Reply reply) override;
  void abort(std::uint64_t session) override;
  void release(std::uint64_t session) override;
  Status load(Version version, std::shared_ptr<const Decoder> decoder, InFlight in_flight) override;
  InstanceTraits traits() const override { return traits_; }

 private:
  /// What requests look at, which may outlive the link.
  struct Inside {
    std::shared_ptr<RolloutEngine> engine;
    std::map<std::uint64_t, std::shared_ptr<Session>> sessions;  ///< null: opening
    Wait open_wait;
  };
  static Async<void> answer(std::shared_ptr<Inside> inside, InstanceRequest request, Reply reply);

  std::shared_ptr<Inside> inside_;
  InstanceTraits traits_;
};

}  // namespace troupe
