// What routing is worth in a rollout: all sessions begin at once and the step waits for the last
// one. Instances decode in batches whose step takes a + c * size seconds; prefill stops the batch.
// Sessions answer and call tools in turn; a prediction is off by a factor of about 1.6. Contexts
// are of some thousand tokens in the end. Figures are of virtual seconds, the same on any machine.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <queue>

#include "base/shown_test_support.h"
#include "rollout/router/router_test_support.h"

namespace troupe {
namespace {

constexpr double kStep = 0.01;        // seconds of a decoding step, whatever its size
constexpr double kSequence = 0.0005;  // and for each sequence in it
constexpr double kPrefill = 0.0001;   // seconds for a token
constexpr double kObserved = 300;     // tokens that a tool's result adds
constexpr std::size_t kInstances = 8;
constexpr std::size_t kSessions = 256;

struct SimulatedSession {
  std::vector<double> answers;  ///< tokens still to be decoded, last answer first
  std::vector<double> tools;    ///< seconds before each of them
  double wrong = 1;             ///< what predictions are off by
  double context = kObserved;   ///< tokens
  int home = -1;

  [[nodiscard]] double predicted() const {
    double sum = 0;
    for (const double tokens : answers) sum += tokens;
    return wrong * sum;
  }
};

/// A batch: its sequences share a count of tokens that each of them has got since the beginning.
struct SimulatedInstance {
  std::multimap<double, std::size_t> running;  ///< count at which it ends, session
  double count = 0;
  double at = 0;       ///< seconds that `count` is of
  double blocked = 0;  ///< by prefill until then
  int plan = 0;        ///< which of its planned ends is valid

  [[nodiscard]] double step() const {
    return kStep + kSequence * static_cast<double>(running.size());
  }
  void advance(double now) {
    const double from = std::clamp(blocked, at, now);
    if (!running.empty()) count += (now - from) / step();
    at = now;
  }
};

struct Outcome {
  double makespan = 0;  ///< seconds
  double mean = 0;      ///< seconds to the end of a session
  double moved = 0;     ///< share of later turns
};

class Simulation {
 public:
  Simulation(const std::string& name, const RouterOptions& options, std::uint64_t seed)
      : router_(router_of(name, options)), fleet_(idle_fleet(kInstances)), choice_(seed + 1000) {
    Rng draw(seed);
    for (SimulatedSession& s : sessions_) {
      const double own = std::exp(0.5 * draw.normal());
      do {
        s.answers.push_back(1 + 200 * own * std::exp(0.8 * draw.normal()));
        s.tools.push_back(2 * std::exp(draw.normal()));
      } while (draw.uniform() > 0.1);
      s.wrong = std::exp(0.5 * draw.normal());
    }
    fleet_.kv_free.assign(kInstances, 1e12);
  }

  Outcome run() {
    for (std::size_t s = 0; s < kSessions; ++s) events_.push(Event{0, true, s, 0});
    while (!events_.empty()) {
      const Event event = events_.top();
      events_.pop();
      now_ = event.at;
      if (event.asks) {
        ask(event.who);
      } else if (event.plan == instances_[event.who].plan) {
        end_answer(event.who);
      }
    }
    out_.makespan = now_;
    out_.mean /= static_cast<double>(kSessions);
    out_.moved /= std::max(1.0, later_turns_);
    return out_;
  }

 private:
  struct Event {
    double at;
    bool asks;        ///< else an answer ends
    std::size_t who;  ///< session or instance
    int plan;
    bool operator<(const Event& other) const { return at > other.at; }
  };

  void ask(std::size_t who) {
    SimulatedSession& s = sessions_[who];
    // 16 sessions share the prompt.
    tokens_.assign(std::size_t(s.context), static_cast<TokenId>(who));
    std::fill_n(tokens_.begin(), std::size_t(kObserved), static_cast<TokenId>(1000 + who / 16));
    RouteRequest request = new_session(who, tokens_);
    request.home = s.home;
    request.predicted = s.predicted();
    double prefill = s.context;
    if (s.home >= 0) {
      request.cached = s.context - kObserved;
      fleet_.work[std::size_t(s.home)] -= request.predicted;
    }
    const std::size_t chosen = router_->choose(fleet_, request, choice_);
    router_->cached(fleet_.id[chosen], request.version, tokens_);
    later_turns_ += s.home >= 0 ? 1 : 0;
    if (s.home == static_cast<int>(chosen)) {
      prefill = kObserved;
    } else if (s.home >= 0) {
      ++out_.moved;
    }
    s.home = static_cast<int>(chosen);
    fleet_.work[chosen] += request.predicted;
    ++fleet_.in_flight[chosen];
    SimulatedInstance& instance = instances_[chosen];
    instance.advance(now_);
    instance.blocked = std::max(instance.blocked, now_) + kPrefill * prefill;
    instance.running.emplace(instance.count + s.answers.back(), who);
    plan_end(chosen);
  }

  void end_answer(std::size_t index) {
    SimulatedInstance& instance = instances_[index];
    instance.advance(now_);
    const std::size_t who = instance.running.begin()->second;
    instance.running.erase(instance.running.begin());
    SimulatedSession& s = sessions_[who];
    --fleet_.in_flight[index];
    fleet_.work[index] -= s.wrong * s.answers.back();
    s.context += s.answers.back() + kObserved;
    s.answers.pop_back();
    if (s.answers.empty()) {
      out_.mean += now_;
    } else {
      events_.push(Event{now_ + s.tools[s.answers.size()], true, who, 0});
    }
    plan_end(index);
  }

  void plan_end(std::size_t index) {
    SimulatedInstance& instance = instances_[index];
    ++instance.plan;
    if (instance.running.empty()) return;
    const double left = std::max(0.0, instance.running.begin()->first - instance.count);
    const double from = std::max(now_, instance.blocked);
    events_.push(Event{from + left * instance.step(), false, index, instance.plan});
  }

  std::unique_ptr<Router> router_;
  Fleet fleet_;
  Rng choice_;
  std::vector<SimulatedSession> sessions_{kSessions};
  std::vector<SimulatedInstance> instances_{kInstances};
  std::vector<TokenId> tokens_;
  std::priority_queue<Event> events_;
  double now_ = 0;
  double later_turns_ = 0;
  Outcome out_;
};

/// Means over the same seeds for every router.
Outcome simulate(const std::string& name, const RouterOptions& options = RouterOptions()) {
  constexpr int kSeeds = 4;
  Outcome sum;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    const Outcome one = Simulation(name, options, seed).run();
    sum.makespan += one.makespan / kSeeds;
    sum.mean += one.mean / kSeeds;
    sum.moved += one.moved / kSeeds;
  }
  return sum;
}

TEST(RouterSimulationTest, MovesThatPayShortenARolloutAndMovesAtAnyGainDoNot) {
  std::map<std::string, Outcome> by;
  for (const std::string& name : router_names()) by[name] = simulate(name);
  RouterOptions options;
  options.move_below = 0;
  by["no moves"] = simulate("least_work", options);
  options = RouterOptions();
  options.move_margin = 0;
  options.move_below = 1e9;
  by["any gain"] = simulate("least_work", options);
  for (const auto& [name, outcome] : by) {
    show(fmt::format("{:<16} rollout {:.1f} s, mean session {:.1f} s, moved {:.0f}%\n", name,
                     outcome.makespan, outcome.mean, 100 * outcome.moved));
  }
  const Outcome& ours = by["least_work"];
  EXPECT_LT(ours.makespan, by["no moves"].makespan);
  EXPECT_LT(ours.makespan, by["any gain"].makespan);
  EXPECT_LT(ours.mean, 1.03 * by["no moves"].mean);
  EXPECT_LT(ours.mean, 0.95 * by["any gain"].mean);
  EXPECT_LT(ours.makespan, by["consistent_hash"].makespan);
  for (const char* other : {"least_in_flight", "power_of_two", "round_robin", "random"}) {
    EXPECT_LT(ours.makespan, 0.95 * by[other].makespan) << other;  // they prefill all turns again
    EXPECT_LT(ours.mean, 0.95 * by[other].mean) << other;
  }
}

}  // namespace
}  // namespace troupe
