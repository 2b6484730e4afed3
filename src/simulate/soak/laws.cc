#include "simulate/soak/laws.h"

#include <fmt/format.h>

namespace troupe {

void RunLaws::check() {
  if (!verdict_.good()) return;
  byte_budget();
  version_order();
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
