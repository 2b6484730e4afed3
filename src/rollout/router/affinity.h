#pragma once

#include <memory>

#include "rollout/router/router.h"

namespace troupe {

/// Hardware affinity (RollArt, arXiv 2512.22560, section on hardware-affinity mapping): another
/// router chooses among the instances of the kind that suits the request, as was declared of its
/// task, and among all if none of that kind has room. A session that has its cache at an instance
/// of another kind may stay there. Requests that any kind suits are the other router's.
class Affinity final : public Router {
 public:
  explicit Affinity(std::unique_ptr<Router> among) : among_(std::move(among)) {}

  std::size_t choose(const Fleet& fleet, const RouteRequest& request, Rng& rng) override;
  void cached(int instance, Version version, std::span<const TokenId> context) override {
    among_->cached(instance, version, context);
  }
  void forget(int instance) override { among_->forget(instance); }

 private:
  std::unique_ptr<Router> among_;
};

}  // namespace troupe
