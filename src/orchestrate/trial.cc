#include "orchestrate/trial.h"

#include <fmt/format.h>

#include "base/rng.h"

namespace troupe {
namespace {

Status check_prompt(const Prompt& prompt, const Reader& reader) {
  const auto tokens =
      encode_prompt(*reader.tokenizer, reader.chat.get(), prompt.text, PromptPlace::kFirst);
  if (!tokens) return within(fmt::format("prompt for agent \"{}\"", prompt.agent), tokens.error());
  const int most = reader.max_context - 1;
  if (!tokens->empty() && static_cast<std::int64_t>(tokens->size()) <= most) return {};
  return fail(
      ErrorCode::kInvalid,
      fmt::format("the first prompt for agent \"{}\" has {} tokens; rollout.max_context and "
                  "model.max_positions allow 1 to {}: raise them or shorten the prompt",
                  prompt.agent, tokens->size(), most));
}

Status check_teacher(const RunOptions& options, const Environment& environment,
                     const Prompt& prompt) {
  Rng rng(static_cast<std::uint64_t>(options.run.seed));
  const auto taught = environment.demonstrate(prompt, 0.0, rng);
  if (taught || taught.error().code != ErrorCode::kNotFound) return {};
  return fail(ErrorCode::kInvalid,
              fmt::format("environment {} has no teacher ({}): set warm_start.steps = 0, or start "
                          "from a base checkpoint",
                          options.environment_name, taught.error().message));
}

/// As long as a team's first prompts can be: what the environment shows and all answers that the
/// workflow quotes behind it, each as long as an answer may be.
Prompt longest_prompt(const RunOptions& options, const Prompt& shown, int answer) {
  Prompt out = shown;
  const std::string alphabet = options.environment->alphabet();
  if (alphabet.empty()) return out;  // how many tokens a text has is not known before
  const int quoted = options.workflow->quoted();
  out.text.append(static_cast<std::size_t>(quoted) * static_cast<std::size_t>(answer),
                  alphabet.front());
  return out;
}

}  // namespace

Status try_first_task(const RunOptions& options, const std::map<std::string, Reader>& readers) {
  TROUPE_ASSIGN(const Task task, options.environment->task(Split::kTrain, 0));
  const auto environment = options.environment->make();
  TROUPE_ASSIGN(const Turn turn, environment->reset(task, 0));
  for (const Prompt& prompt : turn.prompts) {
    if (options.workflow->has_team()) {
      for (const auto& [agent, reader] : readers) {
        Prompt longest = longest_prompt(options, prompt, reader.max_answer);
        longest.agent = agent;
        TROUPE_TRY(check_prompt(longest, reader));
      }
      if (options.warm_steps() > 0) TROUPE_TRY(check_teacher(options, *environment, prompt));
      continue;
    }
    const auto reader = readers.find(prompt.agent);
    if (reader == readers.end()) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("environment {} prompted the agent \"{}\", which no policy plays",
                              options.environment_name, prompt.agent));
    }
    TROUPE_TRY(check_prompt(prompt, reader->second));
    if (options.warm_steps() > 0) TROUPE_TRY(check_teacher(options, *environment, prompt));
  }
  return {};
}

}  // namespace troupe
