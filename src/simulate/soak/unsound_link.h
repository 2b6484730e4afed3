#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "base/executor.h"
#include "rollout/pool/instance_link.h"
#include "simulate/soak/event_log.h"
#include "simulate/soak/fault_plan.h"
#include "simulate/soak/violations.h"

namespace troupe {

/// What the links of one life have in common.
struct LinkWorld {
  Executor& executor;
  EventLog& log;
  FaultCounts& counts;
  Violations& verdict;
  LinkFaults faults;
  Rng rng;
  std::int64_t kv_tokens = 0;  ///< that an instance's sessions may reserve together; 0: unknown
};

/// A link to an instance that fails as the faults say: it loses messages, delays and repeats
/// replies, lies, is cut off for a while, dies. Everything that it does wrong is a function of the
/// world's draws. On the way it checks the law "byte budget" of the instance's KV caches. Lives on
/// the strand; replies may come after it has gone.
class UnsoundLink final : public InstanceLink {
 public:
  UnsoundLink(int instance, std::unique_ptr<InstanceLink> below, std::shared_ptr<LinkWorld> world);

  void generate(InstanceRequest request, Reply reply) override;
  void abort(std::uint64_t session) override;
  void release(std::uint64_t session) override;
  Status load(Version version, std::shared_ptr<const Decoder> decoder, InFlight in_flight) override;

 private:
  /// It answers nothing any more; shared with replies on their way.
  struct Life {
    bool dead = false;
  };
  [[nodiscard]] bool cut_off() const;
  void reserve(const InstanceRequest& request);
  void note(const char* fault) const;
  Reply disturbed(Reply reply);
  Reply lying(Reply reply);

  int instance_;
  std::map<std::uint64_t, std::int64_t> sessions_;  ///< tokens that each may need
  std::int64_t reserved_ = 0;
  std::shared_ptr<InstanceLink> below_;
  std::shared_ptr<LinkWorld> world_;
  std::shared_ptr<Life> life_ = std::make_shared<Life>();
};

}  // namespace troupe
