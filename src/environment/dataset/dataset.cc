#include "environment/dataset/dataset.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/options.h"
#include "base/rng.h"
#include "environment/common.h"
#include "environment/countdown/countdown.h"
#include "environment/countdown/solver.h"
#include "environment/dataset/prompt_template.h"

namespace troupe {

/// What all episodes read: rows, prompt and grader.
struct DatasetTable {
  DatasetTable(PromptTemplate prompt_in, std::unique_ptr<Grader> grader_in)
      : prompt(std::move(prompt_in)), grader(std::move(grader_in)) {}
  PromptTemplate prompt;
  std::unique_ptr<Grader> grader;
  Layout layout = Layout::kQuestion;
  std::vector<DatasetRow> train;
  std::vector<DatasetRow> held_out;
  bool own_file = false;  ///< the held-out rows come from a file of their own
  std::string alphabet;
  int longest_answer = 1;

  [[nodiscard]] const std::vector<DatasetRow>& rows(Split split) const {
    return split == Split::kTrain ? train : held_out;
  }
};

namespace {

constexpr double kDefaultShare = 0.1;
constexpr std::size_t kMaxAnswer = 1 << 20;

class DatasetEpisode : public Environment {
 public:
  explicit DatasetEpisode(std::shared_ptr<const DatasetTable> table) : table_(std::move(table)) {}

  Result<Turn> reset(const Task& task, std::uint64_t) override {
    TROUPE_ASSIGN(row_, row_of(task, table_->layout));
    task_ = task;
    turn_ = Turn{{{"solver", table_->prompt.render(row_)}}};
    return turn_;
  }

  Result<Turn> step(const std::vector<Action>& actions) override {
    TROUPE_TRY(check_actions(turn_, actions));
    TROUPE_ASSIGN(outcome_, table_->grader->grade(row_, task_, actions[0].text));
    turn_ = {};
    return turn_;
  }

  Outcome outcome() const override { return outcome_; }

  Result<std::string> demonstrate(const Prompt&, double noise, Rng& rng) const override {
    const bool corrupted = rng.uniform() < noise;
    if (table_->layout == Layout::kQuestion) {
      return corrupted ? table_->train[rng.below(table_->train.size())].answer : row_.answer;
    }
    const std::string& operators = table_->grader->options().operators;
    if (corrupted) return random_expression(row_.nums, operators, rng);
    const std::vector<std::string> all = solutions(row_.nums, row_.target, operators);
    if (!all.empty()) return all[rng.below(all.size())];
    return fail(ErrorCode::kNotFound,
                fmt::format("task '{}': no demonstration: {}", task_.id,
                            row_.nums.size() > kMaxSolverNumbers
                                ? fmt::format("more than {} numbers", kMaxSolverNumbers)
                                : "its target cannot be reached"));
  }

 private:
  std::shared_ptr<const DatasetTable> table_;
  Task task_;
  DatasetRow row_;
  Turn turn_;
  Outcome outcome_;
};

/// A fixed order that does not follow the file's.
void shuffle(std::vector<DatasetRow>& rows, Split split) {
  Rng rng(task_seed("dataset", split, 0));
  for (std::size_t i = rows.size(); i > 1; --i) std::swap(rows[i - 1], rows[rng.below(i)]);
}

/// The characters of all prompts and answers; empty if one is not plain ASCII. Rows of numbers get
/// the countdown environment's alphabet first, in its order.
std::string alphabet_of(const DatasetTable& table) {
  std::set<char> seen;
  for (Split split : {Split::kTrain, Split::kHeldOut}) {
    for (const DatasetRow& row : table.rows(split)) {
      const std::string prompt = table.prompt.render(row);
      seen.insert(prompt.begin(), prompt.end());
      seen.insert(row.answer.begin(), row.answer.end());
    }
  }
  std::string out;
  if (table.layout == Layout::kCountdown) {
    out = "0123456789,=>()" + table.grader->options().operators;
  }
  for (char c : out) seen.erase(c);
  for (char c : seen) {
    const bool plain = (c >= ' ' && c <= '~') || c == '\n';
    if (!plain) return "";
    out += c;
  }
  return out;
}

/// In characters; for numbers, of the canonical form (countdown/solver.h).
int longest_answer(const DatasetTable& table) {
  std::size_t longest = 1;
  for (Split split : {Split::kTrain, Split::kHeldOut}) {
    for (const DatasetRow& row : table.rows(split)) {
      std::size_t length = row.answer.size();
      if (!row.nums.empty()) {
        length = row.nums.size() - 1 + 2 * (std::max<std::size_t>(row.nums.size(), 2) - 2);
        for (std::int64_t n : row.nums) length += std::to_string(n).size();
      }
      longest = std::max(longest, length);
    }
  }
  return static_cast<int>(std::min<std::size_t>(longest, kMaxAnswer));
}

}  // namespace

std::string DatasetSpec::optimum() const {
  if (grading_.reward_command.empty()) return "reward 1, success 1, if every row can be answered";
  return "what the reward command gives for perfect answers";
}

std::optional<double> DatasetSpec::best_reward() const {
  if (!table_) return std::nullopt;
  const std::string& verifier = table_->grader->verifier();
  const bool plain = verifier == "exact" || (verifier == "numeric" && grading_.pattern.empty());
  return plain ? std::optional<double>(1.0) : std::nullopt;
}

void DatasetSpec::declare(OptionSet& options) {
  options.add("path", &path_, "The JSONL file with the tasks.");
  options.add("held_out_path", &held_out_path_,
              "A JSONL file with the held-out tasks. Empty: rows of `path` are held out.");
  options
      .add("held_out_share", &held_out_share_, "Share of the rows of `path` to hold out, by hash.")
      .range(0.001, 0.9);
  options.add(
      "template", &template_,
      "The prompt, with {question}, or with {nums} and {target}. Empty: by the file's layout.");
  options
      .add("max_answer", &max_answer_,
           "Longest sensible answer in characters. 0: as long as the longest in the file.")
      .range(0, kMaxAnswer);
  options
      .add("verifier", &grading_.verifier,
           "How an answer is compared. auto: countdown for rows with nums and target, numeric if "
           "every answer is a number, else exact.")
      .one_of({"auto", "exact", "numeric", "regex", "countdown"});
  options.add("pattern", &grading_.pattern,
              "A regular expression that picks the answer out of the text: its first group, or the "
              "whole match. For verifier regex, numeric and countdown.");
  options
      .add("tolerance", &grading_.tolerance,
           "Largest absolute difference that verifier numeric accepts.")
      .at_least(0);
  options.add("operators", &grading_.operators,
              "Operators that verifier countdown accepts: some of + - * /.");
  options.add(
      "reward_command", &grading_.reward_command,
      "A program that scores answers instead of a verifier, as a list: program, arguments.");
  options
      .add("reward_timeout_seconds", &grading_.reward_timeout_seconds,
           "Longest wait for a reply of the reward command, in seconds.")
      .range(0.01, 3600);
  options.add("reward_min", &grading_.reward_min, "Lowest reward of the reward command.");
  options.add("reward_max", &grading_.reward_max, "Highest reward of the reward command.");
}

Status DatasetSpec::prepare() {
  TROUPE_TRY(check_options());
  TROUPE_ASSIGN(Rows rows, read_rows(services_.disk, path_, "environment.path"));
  TROUPE_ASSIGN(PromptTemplate prompt, PromptTemplate::make(template_, rows.layout));
  TROUPE_ASSIGN(std::unique_ptr<Grader> grader, Grader::make(grading_, rows, path_));
  table_ = std::make_shared<DatasetTable>(std::move(prompt), std::move(grader));
  table_->layout = rows.layout;
  TROUPE_TRY(split_rows(std::move(rows)));
  shuffle(table_->train, Split::kTrain);
  shuffle(table_->held_out, Split::kHeldOut);
  table_->alphabet = alphabet_of(*table_);
  table_->longest_answer = longest_answer(*table_);
  return {};
}

Status DatasetSpec::check_options() const {
  if (path_.empty()) {
    return fail(ErrorCode::kInvalid, "environment.path is missing: give the path of a JSONL file");
  }
  if (!held_out_path_.empty() && held_out_share_ != kDefaultShare) {
    return fail(
        ErrorCode::kInvalid,
        "environment.held_out_share does nothing with environment.held_out_path; remove one");
  }
  return {};
}

Status DatasetSpec::split_rows(Rows rows) {
  if (!held_out_path_.empty()) {
    table_->train = std::move(rows.rows);
    return read_held_out();
  }
  for (DatasetRow& row : rows.rows) {
    const bool held_out = split_of(row.key(), held_out_share_) == Split::kHeldOut;
    (held_out ? table_->held_out : table_->train).push_back(std::move(row));
  }
  if (!table_->train.empty() && !table_->held_out.empty()) return {};
  return fail(ErrorCode::kInvalid,
              fmt::format("'{}': holding out {} of its {} rows by hash leaves no {} row; add rows, "
                          "change environment.held_out_share or give environment.held_out_path",
                          path_, held_out_share_, table_->train.size() + table_->held_out.size(),
                          table_->train.empty() ? "training" : "held-out"));
}

Status DatasetSpec::read_held_out() {
  TROUPE_ASSIGN(Rows rows, read_rows(services_.disk, held_out_path_, "environment.held_out_path"));
  if (rows.layout != table_->layout) {
    return fail(ErrorCode::kInvalid,
                fmt::format("'{}' and '{}' have different layouts; use files of "
                            "one layout",
                            path_, held_out_path_));
  }
  std::map<std::string, int> seen;
  for (const DatasetRow& row : table_->train) seen.emplace(row.key(), row.line);
  for (const DatasetRow& row : rows.rows) {
    const auto found = seen.find(row.key());
    if (found == seen.end()) continue;
    return fail(
        ErrorCode::kInvalid,
        fmt::format("{}:{}: the same problem is in the training file, {}:{}; remove one of them",
                    held_out_path_, row.line, path_, found->second));
  }
  // The held-out answers must fit the verifier as well.
  GraderOptions options = grading_;
  options.reward_command.clear();
  if (grading_.reward_command.empty()) {
    options.verifier = table_->grader->verifier();
    TROUPE_TRY(Grader::make(options, rows, held_out_path_));
  }
  table_->held_out = std::move(rows.rows);
  table_->own_file = true;
  return {};
}

std::string DatasetSpec::alphabet() const { return table_->alphabet; }

std::optional<std::uint64_t> DatasetSpec::size(Split split) const {
  return table_->rows(split).size();
}

Result<Task> DatasetSpec::task(Split split, std::uint64_t index) const {
  const std::vector<DatasetRow>& rows = table_->rows(split);
  const DatasetRow& row = rows[index % rows.size()];
  const bool other_file = split == Split::kHeldOut && table_->own_file;
  return Task{fmt::format("dataset-{}{}", other_file ? "heldout-" : "", row.line), row.payload()};
}

std::unique_ptr<Environment> DatasetSpec::make() const {
  return std::make_unique<DatasetEpisode>(table_);
}

int DatasetSpec::max_answer() const {
  return max_answer_ > 0 ? static_cast<int>(max_answer_) : table_->longest_answer;
}

std::pair<double, double> DatasetSpec::reward_range() const { return table_->grader->range(); }

bool DatasetSpec::may_block() const { return table_->grader->may_block(); }

}  // namespace troupe
