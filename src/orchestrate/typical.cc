#include "orchestrate/typical.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "base/rng.h"
#include "model/kv_layout.h"
#include "orchestrate/task_order.h"

namespace troupe {
namespace {

constexpr std::uint64_t kTasks = 128;

/// One agent's part in one episode, in one of its contexts.
struct Part {
  int prompt = 0, tokens = 0, sampled = 0;
  std::string first;  ///< prompt
};

using Parts = std::map<std::pair<std::string, int>, Part>;  ///< by agent and context

/// How many different prompts there are, all as likely, if `draws` draws gave `different` ones.
double population(double draws, double different) {
  double low = different;
  double high = 1e9;
  for (int i = 0; i < 60; ++i) {
    const double middle = std::sqrt(low * high);
    (expected_different(middle, draws) < different ? low : high) = middle;
  }
  return high;
}

/// False if the task cannot be played by a teacher.
bool play(const RunOptions& o, const std::map<std::string, Reader>& readers, std::uint64_t number,
          Parts& parts) {
  const auto seed = static_cast<std::uint64_t>(o.run.seed);
  const auto task =
      o.environment->task(Split::kTrain, task_at(o.environment->size(Split::kTrain), seed, number));
  if (!task) return false;
  Rng rng(seed_join(seed, number));
  const auto environment = o.environment->make();
  auto turn = environment->reset(*task, rng.next());
  while (turn && !turn->done()) {
    std::vector<Action> actions;
    for (const Prompt& prompt : turn->prompts) {
      const auto reader = readers.find(prompt.agent);
      const auto answer = environment->demonstrate(prompt, 0.0, rng);
      if (reader == readers.end() || !answer) return false;
      Part& part = parts[{prompt.agent, prompt.context}];
      const auto& [tokenizer, chat, most, longest] = reader->second;
      const auto where = part.tokens == 0 ? PromptPlace::kFirst : PromptPlace::kAfterEnd;
      const auto shown = encode_prompt(*tokenizer, chat.get(), prompt.text, where);
      const auto said = encode_answer(*tokenizer, chat.get(), *answer);
      if (!shown || !said) return false;
      if (part.tokens == 0) {
        part.prompt = static_cast<int>(shown->size());
        part.first = prompt.text;
      }
      part.sampled += static_cast<int>(said->size());
      part.tokens += static_cast<int>(shown->size() + said->size());
      Action action;
      action.agent = prompt.agent;
      action.text = *answer;
      actions.push_back(std::move(action));
    }
    turn = environment->step(actions);
  }
  return turn.has_value();
}

}  // namespace

double expected_different(double population, double draws) {
  return population * -std::expm1(-draws / population);
}

std::optional<std::map<std::string, RowLength>> typical_lengths(
    const RunOptions& options, const std::map<std::string, Reader>& readers) {
  if (options.environment->may_block()) return std::nullopt;
  std::map<std::string, RowLength> sums;
  std::map<std::string, std::set<std::string>> prompts;
  const double rows = static_cast<double>(kTasks) * options.environment->contexts_per_agent();
  for (std::uint64_t number = 0; number < kTasks; ++number) {
    Parts parts;
    if (!play(options, readers, number, parts)) return std::nullopt;
    for (auto& [place, part] : parts) {
      const std::string& agent = place.first;
      part.tokens = std::min(part.tokens - 1, readers.at(agent).max_context);
      RowLength& sum = sums[agent];
      prompts[agent].insert(part.first);
      sum.prompt += static_cast<double>(part.prompt) / rows;
      sum.tokens += static_cast<double>(part.tokens) / rows;
      sum.sampled += static_cast<double>(part.sampled) / rows;
      sum.pages += static_cast<double>(kv_pages(part.tokens)) / rows;
      sum.longest = std::max(sum.longest, part.tokens);
    }
  }
  if (sums.empty()) return std::nullopt;
  for (auto& [agent, sum] : sums) {
    sum.prompts = population(rows, static_cast<double>(prompts[agent].size()));
  }
  return sums;
}

}  // namespace troupe
