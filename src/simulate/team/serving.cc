#include "simulate/team/serving.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/rng.h"
#include "simulate/team/forever.h"

namespace troupe {
namespace {

constexpr double kTick = 0.1;         // seconds
constexpr double kHorizon = 3600;     // of requests; repeated after that
constexpr double kHeadroom = 0.9;     // of the objective: a prompt may still hold a token up
constexpr std::int64_t kChunk = 512;  // tokens of a rollout's prefill beside users

}  // namespace

LentEngine::LentEngine(std::shared_ptr<EmulatedEngine> engine, const CostModel& cost,
                       std::function<double()> loads)
    : engine_(std::move(engine)), cost_(cost), room_(engine_->kv_free()) {
  engine_->load_takes([stall = stall_, loads = std::move(loads)] {
    return *stall > 0 ? std::exchange(*stall, 0) : loads();
  });
}

void LentEngine::stall(double seconds) {
  *stall_ = seconds;
  // A load of what it has stops the device as long as a load says.
  const Status stopped = engine_->load(engine_->version(), nullptr, InFlight::kKeep);
  if (!stopped) *stall_ = 0;  // it has gone
}

double LentEngine::step_seconds() const {
  if (engine_->in_flight() == 0) return 0;
  return cost_.step(engine_->in_flight(), static_cast<double>(room_ - engine_->kv_free()) / 2);
}

void ServingInstance::arrive(double end) {
  while (!arrivals_.empty()) {
    if (next_ == arrivals_.size()) {
      next_ = 0;
      again_ += kHorizon;
    }
    Arrival arrival = arrivals_[next_];
    arrival.seconds += again_;
    if (arrival.seconds >= end) return;
    ++next_;
    waiting_.push_back(Request{arrival, 0, 1});
  }
}

void ServingInstance::prefill(ServingCounts& counts) {
  Request first = waiting_.front();
  waiting_.erase(waiting_.begin());
  at_ += costs_.cost.prefill(first.about.prompt);
  first.first = at_;
  const double ttft = at_ - first.about.seconds;
  counts.ttft.push_back(ttft);
  if (ttft > options_.ttft) ++counts.over_ttft;
  if (running_.empty()) {
    last_ = at_;
    between_ = 0;
  }
  running_.push_back(first);
}

void ServingInstance::decode(double seconds, ServingCounts& counts) {
  at_ += seconds;
  last_ = at_;
  between_ = 0;
  for (Request& request : running_) {
    if (++request.sampled < request.about.answer) continue;
    ++counts.requests;
    if (request.about.answer <= 1) continue;
    const double tpot = (at_ - request.first) / static_cast<double>(request.about.answer - 1);
    counts.tpot.push_back(tpot);
    if (tpot > options_.tpot) ++counts.over_tpot;
  }
  std::erase_if(running_,
                [](const Request& request) { return request.sampled >= request.about.answer; });
}

bool ServingInstance::yields(double own, double rollout) const {
  if (rollout <= 0) return false;
  if (options_.lend == "always" && between_ == 0) return true;
  return at_ + rollout + own <= last_ + kHeadroom * options_.tpot;
}

double ServingInstance::step_seconds() const {
  double context = 0;
  for (const Request& request : running_) {
    context += static_cast<double>(request.about.prompt + request.sampled);
  }
  return costs_.cost.step(static_cast<std::int64_t>(running_.size()), context);
}

void ServingInstance::advance(double begin, double end, ServingCounts& counts) {
  arrive(end);
  const double rollout = rollout_ ? rollout_->step_seconds() : 0;
  double lent = std::min(overlapping_, end - begin);  // seconds of rollout
  overlapping_ -= lent;
  at_ = std::max(at_, begin);
  while (at_ < end) {
    if (!waiting_.empty() && waiting_.front().about.seconds <= at_) {
      prefill(counts);
      continue;
    }
    if (running_.empty()) {
      const double until = waiting_.empty() ? end : std::min(end, waiting_.front().about.seconds);
      if (rollout <= 0) {
        at_ = until;
        continue;
      }
      // Its steps go on by themselves; a prompt that comes then waits for the end of one.
      const double busy = std::ceil((until - at_) / rollout) * rollout;
      lent += std::min(end - at_, busy);
      overlapping_ = std::max(0.0, at_ + busy - end);
      at_ += busy;
      continue;
    }
    const double own = step_seconds();
    if (!yields(own, rollout)) {
      decode(own, counts);
      continue;
    }
    lent += std::min(end - at_, rollout);
    overlapping_ = std::max(0.0, at_ + rollout - end);
    at_ += rollout;
    between_ += rollout;
  }
  const double stall = end - begin - lent;
  if (rollout > 0 && stall > 0) rollout_->stall(stall);
  counts.kv_seconds += kv_use() * (end - begin);
  counts.seconds += end - begin;
}

double ServingInstance::kv_use() const {
  double tokens = 0;
  for (const Request& request : running_) {
    tokens += static_cast<double>(request.about.prompt + request.sampled);
  }
  return tokens / static_cast<double>(costs_.kv_tokens);
}

Result<std::unique_ptr<ServingFleet>> ServingFleet::make(Executor& executor,
                                                         const ServingOptions& options,
                                                         const EmulatedOptions& costs,
                                                         std::uint64_t seed) {
  std::unique_ptr<ServingFleet> out(new ServingFleet(executor, options, costs));
  SyntheticArrivals about;
  about.seconds = kHorizon;
  about.day = kHorizon;  // a day in an hour, so that a short run meets its peak
  about.rate = options.rate * static_cast<double>(options.instances);
  about.swing = options.swing;
  about.burst_factor = options.burst_factor;
  about.prompt_median = options.prompt_median;
  about.answer_median = options.answer_median;
  about.seed = seed_join(seed, "users");
  TROUPE_ASSIGN(const std::vector<Arrival> all, draw_arrivals(about));
  // One balancer in front of all, in turn: bursts are everybody's.
  std::vector<std::vector<Arrival>> each(static_cast<std::size_t>(options.instances));
  for (std::size_t i = 0; i < all.size(); ++i) each[i % each.size()].push_back(all[i]);
  for (auto& one : each) out->instances_.emplace_back(out->options_, out->costs_, std::move(one));
  out->ids_.assign(each.size(), -1);
  return out;
}

std::unique_ptr<InstanceLink> ServingFleet::link(std::function<double()> loads,
                                                 EmulatedEngine::Script script) {
  EmulatedOptions lent = costs_;
  lent.kv_tokens = std::llround(options_.kv_share * static_cast<double>(costs_.kv_tokens));
  lent.prefill_tokens = kChunk;
  auto engine = std::make_shared<EmulatedEngine>(executor_, lent, std::move(script));
  instances_[static_cast<std::size_t>(joining_)].lend(
      std::make_unique<LentEngine>(engine, lent.cost, std::move(loads)));
  const InstanceTraits traits{1, static_cast<double>(lent.kv_tokens)};
  return std::make_unique<EngineLink>(std::move(engine), Wait(kForever, "room in a lent instance"),
                                      traits);
}

void ServingFleet::start(Pool pool) {
  pool_ = std::move(pool);
  now_ = static_cast<double>(executor_.now()) / kSecond;
  if (options_.lend != "never") {
    for (std::size_t i = 0; i < ids_.size(); ++i) join_after(i, options_.activate);
  }
  tick();
}

void ServingFleet::join_after(std::size_t index, double seconds) {
  ids_[index] = -2;  // on its way
  executor_.at(executor_.now() + static_cast<Nanos>(seconds * kSecond),
               [this, index, alive = std::weak_ptr<bool>(alive_)] {
                 if (alive.expired()) return;
                 joining_ = static_cast<int>(index);
                 const auto joined = pool_.join();
                 joining_ = -1;
                 ids_[index] = joined ? *joined : -1;
               });
}

void ServingFleet::new_step() {
  if (options_.lend == "never") return;
  for (std::size_t i = 0; i < ids_.size(); ++i) {
    const bool quiet = instances_[i].kv_use() < (1 - options_.kv_share) / 2;
    if (ids_[i] == -1 && quiet) join_after(i, options_.activate);
  }
}

void ServingFleet::tick() {
  const double end = static_cast<double>(executor_.now()) / kSecond;
  for (std::size_t i = 0; i < instances_.size(); ++i) {
    ServingInstance& one = instances_[i];
    if (end > now_) one.advance(now_, end, counts_);
    if (ids_[i] < 0 || one.kv_use() <= 1 - options_.kv_share) continue;
    one.lend(nullptr);
    ++counts_.given;
    pool_.leave(std::exchange(ids_[i], -1));
  }
  now_ = end;
  executor_.at(executor_.now() + static_cast<Nanos>(kTick * kSecond),
               [this, alive = std::weak_ptr<bool>(alive_)] {
                 if (!alive.expired()) tick();
               });
}

}  // namespace troupe
