#include "environment/kuhn/kuhn.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/rng.h"
#include "environment/common.h"
#include "environment/kuhn/kuhn_metric.h"
#include "environment/kuhn/rules.h"

namespace troupe {
namespace {

class Kuhn : public Environment {
 public:
  Result<Turn> reset(const Task& task, std::uint64_t) override {
    TROUPE_ASSIGN(deal_, payload_text(task, "deal"));
    if (std::find(kuhn::kDeals.begin(), kuhn::kDeals.end(), deal_) == kuhn::kDeals.end()) {
      return fail(
          ErrorCode::kInvalid,
          fmt::format("task '{}': \"{}\" is no deal of two of the cards J, Q, K", task.id, deal_));
    }
    moves_.clear();
    outcome_ = {{0.0, 0.0}, false};
    turn_ = ask();
    return turn_;
  }

  Result<Turn> step(const std::vector<Action>& actions) override {
    TROUPE_TRY(check_actions(turn_, actions));
    const std::string& text = actions[0].text;
    if (text != "p" && text != "b") {
      const double won = kuhn::mover(moves_) == 0 ? -kuhn::kForfeit : kuhn::kForfeit;
      return end(won, false);
    }
    moves_ += text;
    if (kuhn::is_over(moves_)) return end(kuhn::chips(deal_, moves_), true);
    turn_ = ask();
    return turn_;
  }

  Outcome outcome() const override { return outcome_; }

  Result<std::string> demonstrate(const Prompt&, double noise, Rng& rng) const override {
    // Alpha 1/3: the equilibrium in which player_0 bets.
    const char card = deal_[static_cast<std::size_t>(kuhn::mover(moves_))];
    const double bet = kuhn::equilibrium_bet(card, moves_, 1.0 / 3.0);
    const double chance = rng.uniform() < noise ? 0.5 : bet;
    return std::string(rng.uniform() < chance ? "b" : "p");
  }

 private:
  [[nodiscard]] Turn ask() const {
    if (moves_ == "pb") return Turn{{{"player_0", "b:"}}};
    const auto mover = static_cast<std::size_t>(kuhn::mover(moves_));
    return Turn{{{mover == 0 ? "player_0" : "player_1", deal_[mover] + moves_ + ":"}}};
  }

  /// player_0 won so many chips.
  Turn end(double won, bool legal) {
    outcome_ = {{won, -won}, legal};
    turn_ = {};
    return turn_;
  }

  std::string deal_;
  std::string moves_;
  Turn turn_;
  Outcome outcome_;
};

}  // namespace

Result<Task> KuhnSpec::task(Split split, std::uint64_t index) const {
  return Task{task_id("kuhn", split, index),
              fmt::format(R"({{"deal":"{}"}})", kuhn::kDeals[index % kuhn::kDeals.size()])};
}

std::unique_ptr<Environment> KuhnSpec::make() const { return std::make_unique<Kuhn>(); }

std::shared_ptr<const ExactMetric> KuhnSpec::exact_metric() const {
  return std::make_shared<KuhnMetric>();
}

}  // namespace troupe
