#include "environment/chain/chain.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/options.h"
#include "base/rng.h"
#include "environment/common.h"

namespace troupe {
namespace {

const char* const kAgents[] = {"first", "second", "third"};

void shuffle(std::string& text, Rng& rng) {
  for (std::size_t i = text.size(); i > 1; --i) std::swap(text[i - 1], text[rng.below(i)]);
}

class Chain : public Environment {
 public:
  explicit Chain(std::size_t hops) : hops_(hops) {}

  Result<Turn> reset(const Task& task, std::uint64_t) override {
    TROUPE_ASSIGN(tables_, payload_texts(task, "tables"));
    TROUPE_ASSIGN(const std::string start, payload_text(task, "start"));
    if (tables_.size() != hops_ || start.size() != 1 || index_of(start[0], tables_[0]) < 0) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("task '{}': needs {} tables and a start symbol of the first one; use "
                              "tasks of a chain with the same options",
                              task.id, hops_));
    }
    char symbol = start[0];
    for (const std::string& table : tables_) {
      const int at = index_of(symbol, table);
      if (at < 0) {
        return fail(ErrorCode::kInvalid,
                    fmt::format("task '{}': a table leads outside the next one", task.id));
      }
      symbol = table[static_cast<std::size_t>(at)];
    }
    wanted_ = symbol;
    outcome_ = {std::vector<double>(hops_, 0.0), false};
    ask(start[0]);
    return turn_;
  }

  Result<Turn> step(const std::vector<Action>& actions) override {
    TROUPE_TRY(check_actions(turn_, actions));
    const char symbol = actions[0].text.empty() ? '-' : actions[0].text[0];
    ++hop_;
    if (hop_ < hops_) {
      ask(index_of(symbol, tables_[hop_]) < 0 ? '-' : symbol);
      return turn_;
    }
    if (symbol == wanted_) outcome_ = {std::vector<double>(hops_, 1.0), true};
    turn_ = {};
    return turn_;
  }

  Outcome outcome() const override { return outcome_; }

  Result<std::string> demonstrate(const Prompt&, double noise, Rng& rng) const override {
    const std::string& table = tables_[hop_];
    const int at = index_of(message_, table);
    const char right = table[at < 0 ? 0 : static_cast<std::size_t>(at)];
    if (rng.uniform() >= noise) return std::string(1, right);
    std::string wrong = table;
    wrong.erase(std::remove(wrong.begin(), wrong.end(), right), wrong.end());
    return std::string(1, wrong.empty() ? right : wrong[rng.below(wrong.size())]);
  }

 private:
  /// Where `symbol` stands in the alphabet, or -1 if `table` has no entry for it.
  static int index_of(char symbol, const std::string& table) {
    const std::size_t at = kLetters.find(symbol);
    return at < table.size() ? static_cast<int>(at) : -1;
  }

  void ask(char message) {
    message_ = message;
    turn_ = Turn{{{kAgents[hop_], tables_[hop_] + "?" + message + ">"}}};
  }

  std::size_t hops_;
  std::vector<std::string> tables_;
  std::size_t hop_ = 0;
  char message_ = '-';
  char wanted_ = '-';
  Turn turn_;
  Outcome outcome_;
};

}  // namespace

std::string ChainSpec::optimum() const {
  return "reward 1, success 1: every agent looks up its symbol";
}

void ChainSpec::declare(OptionSet& options) {
  options.add("hops", &hops_, "Agents in the chain.").range(2, 3);
  options.add("symbols", &symbols_, "Symbols, which are also the entries of each table.")
      .range(3, 26);
  options.add("skew", &skew_, "How many times longer the last agent's table is.").range(1, 13);
}

Status ChainSpec::prepare() {
  if (symbols_ * skew_ > static_cast<std::int64_t>(kLetters.size())) {
    return fail(
        ErrorCode::kInvalid,
        fmt::format("environment.symbols * environment.skew is {}, more than the {} letters "
                    "that there are: lower one of them",
                    symbols_ * skew_, kLetters.size()));
  }
  return {};
}

std::vector<std::string> ChainSpec::agents() const { return {kAgents, kAgents + hops_}; }

std::string ChainSpec::alphabet() const {
  return std::string(kLetters.substr(0, static_cast<std::size_t>(symbols_ * skew_))) + "?>-";
}

Result<Task> ChainSpec::task(Split split, std::uint64_t index) const {
  Rng rng(task_seed("chain", split, index));
  const auto symbols = static_cast<std::size_t>(symbols_);
  const auto entries = static_cast<std::size_t>(symbols_ * skew_);
  std::string payload;
  do {
    std::string tables;
    for (std::int64_t hop = 0; hop < hops_; ++hop) {
      std::string table;
      if (hop + 1 == hops_) {
        for (std::int64_t i = 0; i < skew_; ++i) table += kLetters.substr(0, symbols);
        shuffle(table, rng);
      } else {
        table = kLetters.substr(0, hop + 2 == hops_ ? entries : symbols);
        shuffle(table, rng);
        table.resize(symbols);
      }
      tables += fmt::format("{}\"{}\"", hop == 0 ? "" : ",", table);
    }
    payload =
        fmt::format(R"({{"start":"{}","tables":[{}]}})", kLetters[rng.below(symbols)], tables);
  } while (split_of(payload) != split);
  return Task{task_id("chain", split, index), payload};
}

std::unique_ptr<Environment> ChainSpec::make() const {
  return std::make_unique<Chain>(static_cast<std::size_t>(hops_));
}

}  // namespace troupe
