#include "rollout/pool/options.h"

namespace troupe {

void InstanceOptions::declare(OptionSet& o) {
  o.add("count", &count,
        "Rollout instances of the team, divided among its policies and moved between them as "
        "[balancer] says. 0: one engine for each policy.")
      .range(0, 65536);
  o.add("engine", &engine,
        "local: each instance decodes on this machine's workers. emulated: it samples the same "
        "tokens, and takes the time that an accelerator of [emulated] would.")
      .one_of({"local", "emulated"});
  o.add("reply_timeout", &reply_timeout,
        "Seconds after which an instance that has not answered a request is given up.")
      .range(0.001, 1e6);
  o.add("attempts", &attempts, "Instances that a request is sent to before it fails.")
      .range(1, 1000);
  o.add("restart_after", &restart_after,
        "Seconds after which another instance takes the place of a lost one. 0: none does.")
      .range(0, 1e6);
  o.add("balance_every", &balance_every, "Seconds between two looks at the load of the instances.")
      .range(0.001, 1e6);
}

PoolSettings InstanceOptions::settings(std::uint64_t seed) const {
  const auto nanos = [](double seconds) {
    return static_cast<Nanos>(seconds * static_cast<double>(kSecond));
  };
  PoolSettings out;
  out.seed = seed;
  out.reply_limit = nanos(reply_timeout);
  out.attempts = static_cast<int>(attempts);
  out.restart_after = nanos(restart_after);
  out.balance_every = nanos(balance_every);
  return out;
}

}  // namespace troupe
