#include "rollout/router/options.h"

#include <fmt/format.h>

#include "rollout/router/make_router.h"

namespace troupe {

const std::vector<RouterNumber>& router_numbers() {
  static const std::vector<RouterNumber> numbers = {
      {"prefill_cost", &RouterOptions::prefill_cost, 0, 1e6, "least_work",
       "Tokens decoded in the time in which an instance prefills one: its decode rate over its "
       "prefill rate. What moving a session costs is counted with it."},
      {"move_margin", &RouterOptions::move_margin, 0, 1e6, "least_work",
       "A session leaves its cache only if that gains more than this many times what it costs."},
      {"move_below", &RouterOptions::move_below, 0, 1e9, "least_work",
       "Sessions with fewer tokens of context than this may leave their KV cache if that pays. 0: "
       "none does."},
      {"load_bound", &RouterOptions::load_bound, 1, 1e9, "consistent_hash",
       "An instance takes at most so many times the mean number of requests; what its sessions "
       "have beyond it goes to the next on the ring."},
      {"match", &RouterOptions::match, 0, 1, "cache_aware",
       "Share of a context that an instance must hold more than for the context to go where it is "
       "cached."},
      {"imbalance", &RouterOptions::imbalance, 0, 1e9, "cache_aware",
       "The fewest requests decide while the fullest instance has more than this many above the "
       "emptiest, and imbalance_ratio agrees."},
      {"imbalance_ratio", &RouterOptions::imbalance_ratio, 1, 1e9, "cache_aware",
       "The fewest requests decide while the fullest instance has more than this many times those "
       "of the emptiest, and imbalance agrees."},
      {"tree_tokens", &RouterOptions::tree_tokens, 1, 1e12, "cache_aware",
       "Tokens of contexts that are remembered, those of each instance counted by themselves; 4 "
       "bytes each at most, beside what holds them together."},
  };
  return numbers;
}

void RouterOptions::declare(OptionSet& o) {
  o.add("kind", &kind,
        "How the instance of a request is chosen. least_work: a session stays where its KV cache "
        "is, a new one goes where the least work is predicted.")
      .one_of(router_names());
  for (const RouterNumber& number : router_numbers()) {
    o.add(number.name, &(this->*number.value),
          fmt::format("Router {}: {}", number.router, number.help))
        .range(number.low, number.high);
  }
}

}  // namespace troupe
