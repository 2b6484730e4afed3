#include "environment/sort/sort.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/options.h"
#include "base/rng.h"
#include "environment/common.h"

namespace troupe {
namespace {

/// Share of right positions plus 1 if exact.
double score(const std::string& answer, const std::string& wanted) {
  std::size_t right = 0;
  for (std::size_t i = 0; i < std::min(answer.size(), wanted.size()); ++i) {
    right += answer[i] == wanted[i] ? 1 : 0;
  }
  const auto longest = static_cast<double>(std::max(answer.size(), wanted.size()));
  return static_cast<double>(right) / longest + (answer == wanted ? 1.0 : 0.0);
}

class Sort : public Environment {
 public:
  Result<Turn> reset(const Task& task, std::uint64_t) override {
    TROUPE_ASSIGN(letters_, payload_text(task, "letters"));
    if (letters_.empty()) {
      return fail(ErrorCode::kInvalid, fmt::format("task '{}' has no letters to sort", task.id));
    }
    wanted_ = letters_;
    std::sort(wanted_.begin(), wanted_.end());
    turn_ = Turn{{{"sorter", letters_ + ">"}}};
    return turn_;
  }

  Result<Turn> step(const std::vector<Action>& actions) override {
    TROUPE_TRY(check_actions(turn_, actions));
    outcome_ = {{score(actions[0].text, wanted_)}, actions[0].text == wanted_};
    turn_ = {};
    return turn_;
  }

  Outcome outcome() const override { return outcome_; }

  Result<std::string> demonstrate(const Prompt&, double noise, Rng& rng) const override {
    std::string answer = wanted_;
    if (rng.uniform() < noise) {
      for (std::size_t i = answer.size(); i > 1; --i)
        std::swap(answer[i - 1], answer[rng.below(i)]);
    }
    return answer;
  }

 private:
  std::string letters_;
  std::string wanted_;
  Turn turn_;
  Outcome outcome_;
};

}  // namespace

std::string SortSpec::optimum() const {
  return "reward 2, success 1: every answer is the sorted word";
}

void SortSpec::declare(OptionSet& options) {
  options.add("letters", &letters_, "Letters are drawn from the first `letters` of the alphabet.")
      .range(2, 26);
  options.add("length_min", &length_min_, "Fewest letters in a prompt.").range(1, 64);
  options.add("length_max", &length_max_, "Most letters in a prompt.").range(1, 64);
}

Status SortSpec::prepare() {
  if (length_min_ > length_max_) {
    return fail(ErrorCode::kInvalid,
                fmt::format("environment.length_min is {} but environment.length_max is {}: raise "
                            "length_max",
                            length_min_, length_max_));
  }
  // Fewer than about 100 distinct prompts could leave the held-out split empty.
  double prompts = 0.0;
  for (std::int64_t n = length_min_; n <= length_max_; ++n) {
    prompts += std::pow(static_cast<double>(letters_), static_cast<double>(n));
  }
  if (prompts < 100.0) {
    return fail(ErrorCode::kInvalid,
                fmt::format("environment.letters = {} and environment.length_max = {} give only {} "
                            "different prompts, too few to hold some out: raise one of them",
                            letters_, length_max_, prompts));
  }
  return {};
}

std::string SortSpec::alphabet() const {
  return std::string(kLetters.substr(0, static_cast<std::size_t>(letters_))) + ">";
}

Result<Task> SortSpec::task(Split split, std::uint64_t index) const {
  Rng rng(task_seed("sort", split, index));
  std::string letters;
  do {
    const auto spread = static_cast<std::uint64_t>(length_max_ - length_min_ + 1);
    letters.assign(static_cast<std::size_t>(length_min_) + rng.below(spread), 'a');
    for (char& c : letters) c = kLetters[rng.below(static_cast<std::uint64_t>(letters_))];
  } while (split_of(letters) != split);
  return Task{task_id("sort", split, index), fmt::format(R"({{"letters":"{}"}})", letters)};
}

std::unique_ptr<Environment> SortSpec::make() const { return std::make_unique<Sort>(); }

}  // namespace troupe
