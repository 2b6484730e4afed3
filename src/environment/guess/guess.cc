#include "environment/guess/guess.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "base/options.h"
#include "base/rng.h"
#include "environment/common.h"

namespace troupe {
namespace {

/// Digits that the largest number needs.
int width_of(std::int64_t numbers) { return static_cast<int>(std::to_string(numbers).size()); }

double reward_at(std::int64_t turn) { return 1.0 - 0.08 * static_cast<double>(turn - 1); }

class Guess : public Environment {
 public:
  Guess(std::int64_t numbers, std::int64_t turns) : numbers_(numbers), turns_(turns) {}

  Result<Turn> reset(const Task& task, std::uint64_t) override {
    TROUPE_ASSIGN(secret_, payload_integer(task, "secret"));
    if (secret_ < 1 || secret_ > numbers_) {
      return fail(ErrorCode::kInvalid, fmt::format("task '{}': the secret {} is not in 1..{}",
                                                   task.id, secret_, numbers_));
    }
    low_ = 1;
    high_ = numbers_;
    turn_ = Turn{{{"guesser", "?"}}};
    return turn_;
  }

  Result<Turn> step(const std::vector<Action>& actions) override {
    TROUPE_TRY(check_actions(turn_, actions));
    ++taken_;
    const std::int64_t guess = number_in(actions[0].text);
    if (guess == secret_) {
      outcome_ = {{reward_at(taken_)}, true};
      turn_ = {};
    } else if (taken_ == turns_) {
      turn_ = {};
    } else if (guess == 0) {
      turn_ = Turn{{{"guesser", "!"}}};
    } else if (secret_ < guess) {
      high_ = std::min(high_, guess - 1);
      turn_ = Turn{{{"guesser", "<"}}};
    } else {
      low_ = std::max(low_, guess + 1);
      turn_ = Turn{{{"guesser", ">"}}};
    }
    return turn_;
  }

  Outcome outcome() const override { return outcome_; }

  Result<std::string> demonstrate(const Prompt&, double noise, Rng& rng) const override {
    std::int64_t guess = (low_ + high_) / 2;
    if (rng.uniform() < noise) {
      guess = 1 + static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(numbers_)));
    }
    return fmt::format("{:0{}}", guess, width_of(numbers_));
  }

 private:
  /// The number that `text` spells, or 0.
  [[nodiscard]] std::int64_t number_in(const std::string& text) const {
    if (text.empty() || text.size() > static_cast<std::size_t>(width_of(numbers_))) return 0;
    std::int64_t value = 0;
    for (char c : text) {
      if (c < '0' || c > '9') return 0;
      value = value * 10 + (c - '0');
    }
    return value <= numbers_ ? value : 0;
  }

  std::int64_t numbers_;
  std::int64_t turns_;
  std::int64_t secret_ = 0;
  std::int64_t taken_ = 0;
  std::int64_t low_ = 1;
  std::int64_t high_ = 1;
  Turn turn_;
  Outcome outcome_ = {{0.0}, false};
};

}  // namespace

std::optional<double> GuessSpec::best_reward() const {
  double sum = 0.0;
  std::int64_t left = numbers_;
  for (std::int64_t turn = 1; turn <= turns_ && left > 0; ++turn) {
    const std::int64_t hit = std::min(left, std::int64_t{1} << (turn - 1));
    sum += static_cast<double>(hit) * reward_at(turn);
    left -= hit;
  }
  return sum / static_cast<double>(numbers_);
}

std::string GuessSpec::optimum() const {
  const double secrets = std::min(
      1.0, static_cast<double>((std::int64_t{1} << turns_) - 1) / static_cast<double>(numbers_));
  return fmt::format("mean reward {:.4f}, success {:.4g}: binary search", *best_reward(), secrets);
}

void GuessSpec::declare(OptionSet& options) {
  options.add("numbers", &numbers_, "The secret is one of 1..numbers.").range(2, 1000);
  options.add("turns", &turns_, "Guesses before the episode is lost.").range(1, 12);
}

Status GuessSpec::prepare() { return {}; }

Result<Task> GuessSpec::task(Split split, std::uint64_t index) const {
  std::vector<std::int64_t> secrets(static_cast<std::size_t>(numbers_));
  std::iota(secrets.begin(), secrets.end(), 1);
  Rng rng(task_seed("guess", split, 0));
  for (std::size_t i = secrets.size(); i > 1; --i) std::swap(secrets[i - 1], secrets[rng.below(i)]);
  return Task{task_id("guess", split, index),
              fmt::format(R"({{"secret":{}}})", secrets[index % secrets.size()])};
}

std::unique_ptr<Environment> GuessSpec::make() const {
  return std::make_unique<Guess>(numbers_, turns_);
}

int GuessSpec::max_answer() const { return width_of(numbers_); }

}  // namespace troupe
