#include "simulate/soak/laws.h"

#include <fmt/format.h>

namespace troupe {

void RunLaws::check() {
  if (!verdict_.good()) return;
  byte_budget();
  state_budget();
  version_order();
}

void RunLaws::check_end(const Ledger& ledger) {
  const ExperienceStore* store = run_.store();
  if (store == nullptr) return;
  for (const auto& table : store->state().tables()) {
    std::int64_t waiting = 0;
    for (const GroupState state : {GroupState::kReserved, GroupState::kRunning, GroupState::kReady,
                                   GroupState::kTaken, GroupState::kCovered}) {
      waiting += table->held(state);
    }
    if (waiting > 0 && options_.experience.selection == "admission") {
      verdict_.broken("nothing lost", fmt::format("policy {}: {} groups were admitted and neither "
                                                  "trained on nor ended for a reason",
                                                  table->policy(), waiting));
    }
    if (options_.experience.store != "disk") continue;  // it counts from its last restart on
    if (table->used() != ledger.samples(table->policy())) {
      verdict_.broken("nothing lost",
                      fmt::format("policy {}: the store has counted {} samples, the trainer {}",
                                  table->policy(), table->used(), ledger.samples(table->policy())));
    }
  }
}

/// What is held of a policy's experience was reserved, and what was reserved fits its budget.
void RunLaws::byte_budget() {
  const ExperienceStore* store = run_.store();
  if (store == nullptr) return;
  for (const auto& table : store->state().tables()) {
    if (table->bytes() <= table->byte_budget()) continue;
    verdict_.broken("byte budget",
                    fmt::format("policy {} holds {} bytes of experience, of {}", table->policy(),
                                table->bytes(), table->byte_budget()));
  }
}

/// Training states in host memory fit its budget.
void RunLaws::state_budget() {
  const std::uint64_t budget = options_.seams.state_bytes;
  if (budget == 0 || run_.team() == nullptr || run_.team()->states() == nullptr) return;
  const TierFigures figures = run_.team()->states()->figures();
  evictions_ = static_cast<std::int64_t>(figures.evictions);
  if (figures.host_used <= budget) return;
  verdict_.broken("byte budget", fmt::format("training states hold {} bytes of host memory, of {}",
                                             figures.host_used, budget));
}

/// A trainer's version only grows, one at a time, once the run has begun its steps.
void RunLaws::version_order() {
  if (run_.pipeline() == nullptr) return;
  const auto& policies = run_.team()->policies();
  trained_.resize(policies.size());
  for (std::size_t i = 0; i < policies.size(); ++i) {
    const Version now = policies[i]->trainer->version();
    Version& before = trained_[i];
    const bool known = before.number > 0;
    if (known && (now.number < before.number || now.number > before.number + 1)) {
      verdict_.broken("version order",
                      fmt::format("policy {} went from version {} to {}",
                                  policies[i]->options->name, before.number, now.number));
    }
    before = now;
  }
}

}  // namespace troupe
