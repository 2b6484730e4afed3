#include "environment/command/command.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>

#include "base/options.h"
#include "environment/command/episode.h"
#include "environment/common.h"
#include "environment/json_lines.h"

namespace troupe {

void CommandSpec::declare(OptionSet& options) {
  options.add("command", &command_,
              "The program and its arguments, as a list. No shell is involved.");
  options.add("timeout_seconds", &timeout_seconds_, "Longest wait for one reply, in seconds.")
      .range(0.01, 3600);
  options.add("agents", &agents_, "The roles that the program prompts, in the order of rewards.");
  options.add("alphabet", &alphabet_,
              "Every character that prompts and answers can hold, for the symbol-level tokenizer. "
              "Empty: needs a tokenizer that covers any text.");
  options.add("max_answer", &max_answer_, "Longest sensible answer in characters.")
      .range(1, 1 << 20);
  options.add("max_turns", &max_turns_, "Most turns of one agent in an episode.").range(1, 10000);
  options.add("min_reward", &min_reward_, "Lowest reward that the program gives.");
  options.add("max_reward", &max_reward_, "Highest reward that the program gives.");
  options.add("tasks", &tasks_, "Number of generated tasks in each split. 0: without end.")
      .at_least(0);
  options.add("tasks_path", &tasks_path_,
              "A JSONL file with one task per line, instead of generated ones; 10% are held out.");
  options.add("warm", &warm_, "Processes that are started before the first episode needs them.")
      .range(1, 1024);
}

Status CommandSpec::prepare() {
  TROUPE_TRY(check_options());
  if (!tasks_path_.empty()) TROUPE_TRY(read_tasks());
  pool_ = std::make_shared<ChildPool>(command_);
  for (std::int64_t i = 0; i < warm_; ++i) {
    Result<ChildPool::Child> child = pool_->start();
    if (!child) return within("environment.command", child.error());
    pool_->give(std::move(child->process));
  }
  return {};
}

Status CommandSpec::check_options() const {
  const auto wrong = [](const std::string& what) { return fail(ErrorCode::kInvalid, what); };
  if (command_.empty()) {
    return wrong(R"(environment.command is missing: give a list such as ["python3", "task.py"])");
  }
  if (agents_.empty() ||
      std::set<std::string>(agents_.begin(), agents_.end()).size() != agents_.size()) {
    return wrong("environment.agents must name one or more different agents");
  }
  std::set<char> seen;
  for (char c : alphabet_) {
    const bool plain = (c >= ' ' && c <= '~') || c == '\n';
    if (!plain || !seen.insert(c).second) {
      return wrong("environment.alphabet must hold different ASCII characters, each once");
    }
  }
  if (min_reward_ >= max_reward_) {
    return wrong("environment.min_reward must be below environment.max_reward");
  }
  if (tasks_ > 0 && !tasks_path_.empty()) {
    return wrong("environment.tasks does nothing with environment.tasks_path; remove one");
  }
  return {};
}

Status CommandSpec::read_tasks() {
  TROUPE_TRY(read_json_lines(services_.disk, tasks_path_, "environment.tasks_path",
                             [&](int line, const nlohmann::json& object) -> Status {
                               const std::string payload = object.dump();
                               rows_[split_of(payload) == Split::kTrain ? 0 : 1].push_back(
                                   {fmt::format("command-{}", line), payload});
                               return {};
                             }));
  if (!rows_[0].empty() && !rows_[1].empty()) return {};
  return fail(
      ErrorCode::kInvalid,
      fmt::format("'{}': holding out {} of its {} rows by hash leaves a split empty; add rows",
                  tasks_path_, kHeldOutShare, rows_[0].size() + rows_[1].size()));
}

std::optional<std::uint64_t> CommandSpec::size(Split split) const {
  if (!tasks_path_.empty()) return rows_[split == Split::kTrain ? 0 : 1].size();
  if (tasks_ > 0) return static_cast<std::uint64_t>(tasks_);
  return std::nullopt;
}

Result<Task> CommandSpec::task(Split split, std::uint64_t index) const {
  if (const std::optional<std::uint64_t> count = size(split)) index %= *count;
  if (!tasks_path_.empty()) return rows_[split == Split::kTrain ? 0 : 1][index];
  return Task{task_id("command", split, index),
              fmt::format(R"({{"index":{},"split":"{}"}})", index, split_name(split))};
}

std::unique_ptr<Environment> CommandSpec::make() const {
  return std::make_unique<CommandEpisode>(
      CommandRules{agents_, max_turns(), min_reward_, max_reward_, timeout_seconds_}, pool_);
}

}  // namespace troupe
