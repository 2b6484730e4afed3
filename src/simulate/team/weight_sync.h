#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/options.h"
#include "troupe/result.h"

namespace troupe {

/// How new weights reach the rollout instances.
struct WeightSyncOptions {
  std::string plan = "direct";
  std::int64_t fan_out = 2;
  double payload = 1;
  double link_gigabytes = 0;
  double chunk_gigabytes = 0;
  double overhead = 0;
  double encode_gigabytes = 0;
  double apply_gigabytes = 0;
  bool background = false;

  void declare(OptionSet& options);
  /// kInvalid: options that would do nothing.
  [[nodiscard]] Status check() const;
  bool operator==(const WeightSyncOptions&) const = default;
};

/// What a new version of one policy takes to its instances.
struct WeightSyncCosts {
  double weight_bytes = 0;
  double network = 0;           ///< bytes a second of an instance's link to other nodes
  double host_seconds = 0;      ///< to bring all of the weights from host memory into an instance
  double training_devices = 1;  ///< beside which payloads are made
  double instance_devices = 1;  ///< beside which they are applied
};

/// Seconds from the first byte sent until each of `receivers` instances has a payload of `bytes`,
/// by the plan's edges (versions/transfer/transfer_plan.h), every link with this bandwidth. A
/// sender shares its link equally among those that pull from it, and a receiver begins to pass on
/// when it has a chunk (0: the whole payload, as `troupe versions pull` does), so that a child has
/// it all no sooner than a chunk's time after its source. Pure.
std::vector<double> arrival_seconds(const WeightSyncOptions& options, int receivers, double bytes,
                                    double bandwidth);

/// The way of new weights to the emulated instances of all policies. The first weights of an
/// instance (a new one, or one that comes to another policy) are whole and take the direct time.
/// Policies that publish at the same time do not disturb each other. Lives on the strand.
class WeightSync {
 public:
  WeightSync(WeightSyncOptions options, std::vector<WeightSyncCosts> costs);

  /// For a new instance of the policy: what each load that it is told of stops its device for, in
  /// seconds. The instance counts as a receiver for as long as the function lives.
  std::function<double()> join(int policy);
  /// What a new version takes before instances are told of it, while they go on decoding: 0 unless
  /// in the background.
  [[nodiscard]] double before_publishing(int policy) const;
  /// Seconds for which a new version stops the instances of the policy that it stops longest.
  [[nodiscard]] double longest() const;
  /// Mean seconds until the last instance of a policy had a new version; 0: there was none.
  [[nodiscard]] double mean_seconds() const;

 private:
  struct Receiver {};
  struct Lane {
    WeightSyncCosts costs;
    std::vector<std::weak_ptr<Receiver>> receivers;
    [[nodiscard]] int count() const;
  };
  /// To make and apply a payload, and whatever else is no transfer.
  [[nodiscard]] double besides(const WeightSyncCosts& costs) const;
  /// Of the whole update to so many, per receiver.
  [[nodiscard]] std::vector<double> seconds(const Lane& lane, int receivers) const;
  double next_load(int policy, const std::shared_ptr<Receiver>& receiver);

  WeightSyncOptions options_;
  std::vector<Lane> lanes_;
  double total_ = 0;
  std::int64_t updates_ = 0;
};

}  // namespace troupe
