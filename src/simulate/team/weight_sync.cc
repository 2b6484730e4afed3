#include "simulate/team/weight_sync.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "orchestrate/idle_parts.h"
#include "versions/transfer/transfer_plan.h"

namespace troupe {
namespace {

constexpr const char* kProducer = "producer";

TransferPlan plan_of(const WeightSyncOptions& options, int receivers) {
  std::vector<std::string> names;
  for (int i = 0; i < receivers; ++i) names.push_back(fmt::format("instance {}", i));
  if (options.plan == "star") return star_plan(kProducer, names);
  // Names are all different, and check() has seen the fan-out.
  return *tree_plan(kProducer, names, static_cast<int>(options.fan_out));
}

}  // namespace

void WeightSyncOptions::declare(OptionSet& o) {
  o.add("plan", &plan,
        "Who sends new weights to whom. direct: every instance loads them at its network's speed, "
        "however many do. star: all pull from the producer and share its link. tree: the producer "
        "serves fan_out instances, each of them the next fan_out.")
      .one_of({"direct", "star", "tree"});
  o.add("fan_out", &fan_out, "plan = tree: how many pull from one. 1: a chain.").range(1, 1e4);
  o.add("payload", &payload,
        "Share of the weights' bytes that travels with a new version. Below 1: what changed.")
      .range(1e-6, 1);
  o.add("link_gigabytes", &link_gigabytes,
        "Of the producer's link and every instance's, GB/s, one direction. 0: the instance's share "
        "of its device's network.")
      .range(0, 1e5);
  o.add("chunk_gigabytes", &chunk_gigabytes,
        "plan = tree: an instance begins to pass on when it has so many GB. 0: when it has all.")
      .range(0, 1e5);
  o.add("overhead", &overhead, "Seconds of an update besides the transfer, whatever its size.")
      .range(0, 1e5);
  o.add("encode_gigabytes", &encode_gigabytes,
        "GB of weights a second of which the processors beside one training device make a payload; "
        "all devices of the policy's slot do. 0: in no time.")
      .range(0, 1e5);
  o.add("apply_gigabytes", &apply_gigabytes,
        "GB of weights a second to which the processors beside one device of an instance apply a "
        "payload; all devices of the instance do. 0: in no time.")
      .range(0, 1e5);
  o.add("background", &background,
        "New weights travel into the instances' host memory while these go on with the old ones, "
        "and stop them only to be copied from there.");
}

Status WeightSyncOptions::check() const {
  const WeightSyncOptions standard;
  if (plan == "direct") {
    const std::string why = "weights.plan is \"direct\"";
    const std::string remedy = "set weights.plan = \"tree\"";
    TROUPE_TRY(idle_if_given("weights.link_gigabytes", link_gigabytes, standard.link_gigabytes, why,
                             remedy));
  }
  if (plan != "tree") {
    const std::string why = "weights.plan is \"" + plan + "\"";
    const std::string remedy = "set weights.plan = \"tree\"";
    TROUPE_TRY(idle_if_given("weights.fan_out", fan_out, standard.fan_out, why, remedy));
    TROUPE_TRY(idle_if_given("weights.chunk_gigabytes", chunk_gigabytes, standard.chunk_gigabytes,
                             why, remedy));
  }
  return {};
}

std::vector<double> arrival_seconds(const WeightSyncOptions& options, int receivers, double bytes,
                                    double bandwidth) {
  const double whole = bytes / bandwidth;
  const auto n = static_cast<std::size_t>(receivers);
  if (options.plan == "direct") return std::vector<double>(n, whole);
  const double chunk_bytes = options.chunk_gigabytes > 0 ? options.chunk_gigabytes * 1e9 : bytes;
  const double chunk = std::min(chunk_bytes, bytes) / bandwidth;
  const TransferPlan plan = plan_of(options, receivers);
  std::map<std::string, double> pulls;  // from each sender
  for (const TransferEdge& edge : plan.edges) ++pulls[edge.sources.front()];
  struct Span {
    double first = 0;  ///< has a chunk
    double last = 0;   ///< has it all
  };
  std::map<std::string, Span> spans = {{kProducer, {}}};
  std::vector<double> out;
  for (const TransferEdge& edge : plan.edges) {  // sources stand before those that they serve
    const Span source = spans.at(edge.sources.front());
    const double sharing = pulls.at(edge.sources.front());
    Span own;
    own.first = source.first + sharing * chunk;
    own.last = std::max(source.first + sharing * whole, source.last + sharing * chunk);
    spans[edge.receiver] = own;
    out.push_back(own.last);
  }
  return out;
}

WeightSync::WeightSync(WeightSyncOptions options, std::vector<WeightSyncCosts> costs)
    : options_(std::move(options)) {
  for (const WeightSyncCosts& one : costs) lanes_.push_back(Lane{one, {}});
}

int WeightSync::Lane::count() const {
  return static_cast<int>(std::count_if(receivers.begin(), receivers.end(),
                                        [](const auto& one) { return !one.expired(); }));
}

double WeightSync::besides(const WeightSyncCosts& costs) const {
  const auto seconds = [&costs](double gigabytes, double devices) {
    return gigabytes > 0 ? costs.weight_bytes / (1e9 * gigabytes * devices) : 0;
  };
  return options_.overhead + seconds(options_.encode_gigabytes, costs.training_devices) +
         seconds(options_.apply_gigabytes, costs.instance_devices);
}

std::vector<double> WeightSync::seconds(const Lane& lane, int receivers) const {
  const double bandwidth =
      options_.link_gigabytes > 0 ? options_.link_gigabytes * 1e9 : lane.costs.network;
  std::vector<double> out =
      arrival_seconds(options_, receivers, options_.payload * lane.costs.weight_bytes, bandwidth);
  for (double& one : out) one += besides(lane.costs);
  return out;
}

std::function<double()> WeightSync::join(int policy) {
  auto receiver = std::make_shared<Receiver>();
  Lane& lane = lanes_[static_cast<std::size_t>(policy)];
  std::erase_if(lane.receivers, [](const auto& one) { return one.expired(); });
  lane.receivers.push_back(receiver);
  return [this, policy, receiver = std::move(receiver), first = true]() mutable {
    const WeightSyncCosts& costs = lanes_[static_cast<std::size_t>(policy)].costs;
    return std::exchange(first, false) ? costs.weight_bytes / costs.network
                                       : next_load(policy, receiver);
  };
}

double WeightSync::next_load(int policy, const std::shared_ptr<Receiver>& receiver) {
  const Lane& lane = lanes_[static_cast<std::size_t>(policy)];
  const std::vector<double> all = seconds(lane, lane.count());
  std::size_t place = 0;
  for (const auto& one : lane.receivers) {
    const auto other = one.lock();
    if (other == receiver) break;
    if (other) ++place;
  }
  const double copy = options_.background ? options_.payload * lane.costs.host_seconds : 0;
  if (place + 1 == all.size()) {
    ++updates_;
    total_ += *std::max_element(all.begin(), all.end()) + copy;
  }
  return options_.background ? copy : all[place];
}

double WeightSync::before_publishing(int policy) const {
  if (!options_.background) return 0;
  const Lane& lane = lanes_[static_cast<std::size_t>(policy)];
  const std::vector<double> all = seconds(lane, lane.count());
  return all.empty() ? 0 : *std::max_element(all.begin(), all.end());
}

double WeightSync::longest() const {
  double out = 0;
  for (const Lane& lane : lanes_) {
    if (options_.background) {
      out = std::max(out, options_.payload * lane.costs.host_seconds);
      continue;
    }
    for (const double one : seconds(lane, lane.count())) out = std::max(out, one);
  }
  return out;
}

double WeightSync::mean_seconds() const {
  return updates_ == 0 ? 0 : total_ / static_cast<double>(updates_);
}

}  // namespace troupe
