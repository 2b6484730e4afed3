#include "experience/selection/selection.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <ostream>
#include <tuple>

#include "base/rng.h"

namespace troupe {
namespace {

/// What a selector must do, over the plain list of ready groups: who may be taken by a step, and
/// who of two comes first.
struct Model {
  const char* name;
  std::int64_t window;
  std::function<bool(const Candidate&, std::int64_t step)> may;
  std::function<bool(const Candidate&, const Candidate&)> before;
};

/// What a test's name says of it.
void PrintTo(const Model& model, std::ostream* out) { *out << model.name << " " << model.window; }

bool anyone(const Candidate& /*c*/, std::int64_t /*step*/) { return true; }

bool by_arrival(const Candidate& a, const Candidate& b) { return a.arrival < b.arrival; }

bool by_priority(const Candidate& a, const Candidate& b) {
  const bool na = std::isnan(a.priority) || a.priority == -INFINITY;
  const bool nb = std::isnan(b.priority) || b.priority == -INFINITY;
  if (na != nb) return nb;
  if (na || a.priority == b.priority) return a.key < b.key;
  return a.priority > b.priority;
}

Model windowed(std::int64_t window) {
  return {"windowed", window,
          [window](const Candidate& c, std::int64_t step) { return c.key.step <= step + window; },
          by_arrival};
}

std::vector<Model> models() {
  return {{"admission", 0, [](const Candidate& c, std::int64_t step) { return c.key.step == step; },
           [](const Candidate& a, const Candidate& b) { return a.key.index < b.key.index; }},
          {"arrival", 0, anyone, by_arrival},
          {"oldest_first", 0, anyone,
           [](const Candidate& a, const Candidate& b) {
             return std::tie(a.oldest_version, a.key) < std::tie(b.oldest_version, b.key);
           }},
          windowed(0),
          windowed(2),
          {"priority", 0, anyone, by_priority}};
}

std::optional<GroupKey> expected(const Model& model, const std::vector<Candidate>& ready,
                                 std::int64_t step) {
  const Candidate* best = nullptr;
  for (const Candidate& c : ready) {
    if (model.may(c, step) && (best == nullptr || model.before(c, *best))) best = &c;
  }
  if (best == nullptr) return std::nullopt;
  return best->key;
}

double priority(Rng& rng) {
  const std::uint64_t kind = rng.below(12);
  if (kind == 0) return std::nan("");
  if (kind == 1) return -INFINITY;
  if (kind == 2) return INFINITY;
  return static_cast<double>(rng.below(4)) - 1.5;
}

class EverySelector : public testing::TestWithParam<Model> {};

TEST_P(EverySelector, DoesAsTheModelOverRandomHistories) {
  const Model& model = GetParam();
  int answers = 0;
  int refusals = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Rng rng(seed);
    auto selector = make_selector(model.name, model.window);
    ASSERT_TRUE(selector);
    EXPECT_STREQ((*selector)->name(), model.name);
    std::vector<Candidate> ready;
    std::vector<Candidate> taken;
    std::int64_t arrivals = 0;
    for (int i = 0; i < 200; ++i) {
      const std::uint64_t what = rng.below(8);
      if (what < 3) {
        Candidate c;
        c.key.step = static_cast<std::int64_t>(rng.below(8));
        c.key.index = i;
        c.arrival = arrivals++;
        c.oldest_version = static_cast<std::int64_t>(rng.below(5));
        c.priority = priority(rng);
        ready.push_back(c);
        (*selector)->insert(c);
      } else if (what == 3 && !taken.empty()) {  // given back
        const auto at = static_cast<std::ptrdiff_t>(rng.below(taken.size()));
        ready.push_back(taken[static_cast<std::size_t>(at)]);
        (*selector)->insert(ready.back());
        taken.erase(taken.begin() + at);
      } else if (what == 4 && !ready.empty()) {  // ended
        const auto at = static_cast<std::ptrdiff_t>(rng.below(ready.size()));
        (*selector)->erase(ready[static_cast<std::size_t>(at)]);
        ready.erase(ready.begin() + at);
      } else {  // taken
        const auto step = static_cast<std::int64_t>(rng.below(8));
        const auto next = (*selector)->next(step);
        ASSERT_EQ(next, expected(model, ready, step)) << "seed " << seed;
        ++(next ? answers : refusals);
        if (!next) continue;
        const auto found = std::find_if(ready.begin(), ready.end(),
                                        [&](const Candidate& c) { return c.key == *next; });
        (*selector)->erase(*found);
        taken.push_back(*found);
        ready.erase(found);
      }
    }
  }
  EXPECT_GT(answers, 1000);
  EXPECT_GT(refusals, 10);
}

/// The order in which groups were inserted plays no part: what counts is in the candidates.
TEST_P(EverySelector, AnswersByWhatItHoldsNotByHowItCame) {
  const Model& model = GetParam();
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Rng rng(seed);
    auto forward = make_selector(model.name, model.window);
    auto shuffled = make_selector(model.name, model.window);
    std::vector<Candidate> all;
    for (int i = 0; i < 30; ++i) {
      Candidate c;
      c.key.step = static_cast<std::int64_t>(rng.below(4));
      c.key.index = i;
      c.arrival = i;
      c.oldest_version = static_cast<std::int64_t>(rng.below(3));
      c.priority = priority(rng);
      all.push_back(c);
      (*forward)->insert(c);
    }
    for (std::size_t i = all.size(); i > 1; --i) std::swap(all[i - 1], all[rng.below(i)]);
    for (const Candidate& c : all) (*shuffled)->insert(c);
    for (std::int64_t step = 0; step < 5; ++step) {
      EXPECT_EQ((*forward)->next(step), (*shuffled)->next(step));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Selection, EverySelector, testing::ValuesIn(models()),
                         [](const testing::TestParamInfo<Model>& p) {
                           return std::string(p.param.name) + std::to_string(p.param.window);
                         });

TEST(MakeSelector, KnowsThoseThatTheSuiteTests) {
  const std::vector<Model> tested = models();
  for (const std::string& name : selector_names()) {
    EXPECT_TRUE(std::any_of(tested.begin(), tested.end(), [&](const Model& m) {
      return m.name == name;
    })) << name;
  }
  EXPECT_TRUE((*make_selector("admission", 0))->bound_to_step());
  for (const char* name : {"arrival", "oldest_first", "windowed", "priority"}) {
    EXPECT_FALSE((*make_selector(name, 0))->bound_to_step());
  }
}

TEST(MakeSelector, NamesTheNearestAndAllThereAre) {
  const auto made = make_selector("arival", 0);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(made.error().message,
            "unknown selection 'arival'; did you mean 'arrival'? there are admission, arrival, "
            "oldest_first, windowed, priority");
  EXPECT_EQ(make_selector("xyzzyxyzzy", 0).error().message.find("did you mean"), std::string::npos);
}

TEST(MakeSelector, RefusesAWindowThatWouldDoNothing) {
  EXPECT_FALSE(make_selector("arrival", 1));
  EXPECT_FALSE(make_selector("windowed", -1));
  EXPECT_TRUE(make_selector("windowed", 3));
}

}  // namespace
}  // namespace troupe
