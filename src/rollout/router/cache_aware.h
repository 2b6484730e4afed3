#pragma once

#include <vector>

#include "rollout/router/prefix_tree.h"
#include "rollout/router/router.h"

namespace troupe {

/// Goes where most of the context is cached, unless the load is out of balance. As the router of
/// SGLang does (sglang-router, policies/cache_aware.rs):
///
/// - the fullest instance has more than `imbalance` requests above the emptiest, and more than
///   `imbalance_ratio` times as many: to one of those with the fewest requests;
/// - else, where the longest match in the prefix tree is more than `match` of the context: to the
///   instance that has it, of several to the one with the fewest requests;
/// - else to the instance that holds the fewest tokens in the tree, where least is evicted for it.
///
/// The tree knows versions: what an older version computed is no match. It learns by cached().
class CacheAware final : public Router {
 public:
  struct Setting {
    double match = 0.3;            ///< share of the context
    double imbalance = 64;         ///< requests
    double imbalance_ratio = 1.5;  ///< times the fewest
    double tree_tokens = 1 << 26;  ///< budget of the tree
  };
  explicit CacheAware(const Setting& setting)
      : setting_(setting), tree_(static_cast<std::size_t>(setting.tree_tokens)) {}

  std::size_t choose(const Fleet& fleet, const RouteRequest& request, Rng& rng) override;
  void cached(int instance, Version version, std::span<const TokenId> context) override {
    tree_.insert(instance, version, context);
  }
  void forget(int instance) override { tree_.forget(instance); }

 private:
  [[nodiscard]] bool out_of_balance(const Fleet& fleet) const;
  /// Fills cost_ with the requests of those that hold the longest match; false if it is too short.
  bool longest_match(const Fleet& fleet, const RouteRequest& request);

  Setting setting_;
  PrefixTree tree_;
  std::vector<double> cost_;
};

}  // namespace troupe
