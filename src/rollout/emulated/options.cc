#include "rollout/emulated/options.h"

namespace troupe {

void EmulatedOptions::declare(OptionSet& o) {
  cost.declare(o);
  o.add("kv_tokens", &kv_tokens, "Tokens that an instance's KV caches hold in all.").range(1, 1e12);
  o.add("max_batch", &max_batch, "Most sequences that an instance decodes together.")
      .range(1, 65536);
  o.add("prefill_tokens", &prefill_tokens,
        "Most tokens of a prefill pass; a request that has more is prefilled alone.")
      .range(1, 1e9);
}

}  // namespace troupe
