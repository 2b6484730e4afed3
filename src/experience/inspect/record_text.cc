#include "experience/inspect/record_text.h"

#include <fmt/format.h>

namespace troupe {
namespace {

/// A record in words.
struct Words {
  const std::vector<std::string>& policies;

  [[nodiscard]] std::string policy(std::size_t index) const {
    return index < policies.size() ? "policy " + policies[index] : fmt::format("policy {}", index);
  }
  static std::string group(GroupKey key) {
    return fmt::format("group {} of step {}", key.index, key.step);
  }
  static std::string groups(const std::vector<GroupKey>& keys) {
    std::string out = fmt::format("{} group{}", keys.size(), keys.size() == 1 ? "" : "s");
    for (std::size_t i = 0; i < keys.size() && i < 8; ++i) {
      out += fmt::format("{}{}/{}", i == 0 ? ": " : ", ", keys[i].step, keys[i].index);
    }
    return keys.size() > 8 ? out + ", ..." : out;
  }

  std::string operator()(const TablesRecord& r) const {
    return fmt::format("run {:016x}, policies {}", r.run, fmt::join(r.policies, ", "));
  }
  std::string operator()(const ReserveRecord& r) const {
    return fmt::format("{}: task {}, place {}", group(r.key), r.task, r.place);
  }
  std::string operator()(const StartRecord& r) const { return group(r.key); }
  std::string operator()(const RowsRecord& r) const {
    std::string out = group(r.key);
    if (r.member >= 0) out += fmt::format(", episode {}", r.member);
    const char* between = ": ";
    for (const auto& [at, row] : r.rows) {
      out += fmt::format("{}{} reward {}", between, row.agent, row.number(Column::kReward));
      between = ", ";
    }
    return out;
  }
  std::string operator()(const ColumnRecord& r) const {
    return fmt::format("{}, {}: {} of {} rows", group(r.key), policy(r.policy), to_string(r.column),
                       r.values.size());
  }
  std::string operator()(const CloseRecord& r) const { return group(r.key); }
  std::string operator()(const EndRecord& r) const {
    return fmt::format("{}: {}, {}", group(r.key), to_string(r.state), r.reason);
  }
  std::string operator()(const TakeRecord& r) const {
    return fmt::format("{}, for step {}: {}", policy(r.policy), r.step, groups(r.keys));
  }
  std::string operator()(const CoverRecord& r) const {
    if (r.skipped) {
      return fmt::format("{}, step {}: not taken, {}", policy(r.policy), r.step, r.reason);
    }
    return fmt::format("{}, step {}: now at version {}", policy(r.policy), r.step, r.version);
  }
  std::string operator()(const RetireRecord& r) const {
    return fmt::format("a checkpoint includes {} steps", r.steps);
  }
  std::string operator()(const RestartRecord& r) const {
    return fmt::format("incarnation {}, after {} steps, next place {}", r.incarnation, r.steps,
                       r.place);
  }
  std::string operator()(const ConsumerRecord& r) const {
    return fmt::format("{}: has used all before {}", r.name, r.position);
  }
  std::string operator()(const CountersRecord& r) const {
    return fmt::format("{}: version {}, {} samples used", policy(r.policy), r.version, r.used);
  }
  std::string operator()(const CursorRecord& r) const {
    return fmt::format("incarnation {}, next place {}, {} steps retired", r.incarnation, r.place,
                       r.retired_steps);
  }
  std::string operator()(const StateRecord& r) const {
    return fmt::format("{}, {}: {}", group(r.key), policy(r.policy), to_string(r.state));
  }
  std::string operator()(const BatchRecord& r) const {
    return fmt::format("{}, step {}{}: {}", policy(r.policy), r.step, r.again ? ", again" : "",
                       groups(r.keys));
  }
};

}  // namespace

std::string record_text(const StoreRecord& record, const std::vector<std::string>& policies) {
  return std::visit(Words{policies}, record);
}

}  // namespace troupe
