#include <fmt/format.h>

#include <algorithm>

#include "rollout/episode.h"

// A teacher's answers in the place of the agents'.

namespace troupe {

Async<Result<std::string>> Episode::lesson_text(const Prompt& prompt, Lesson lesson) {
  Rng& rng = teacher_->rng;
  if (lesson.judges) {
    if (rng.uniform() < teacher_->noise) co_return std::string(rng.below(2) == 0 ? "y" : "n");
    Action judged;
    judged.agent = asked_.front().agent;
    judged.text = *lesson.judges;
    std::vector<Action> actions;
    actions.push_back(std::move(judged));
    auto outcome = co_await outcome_if(std::move(actions));
    if (!outcome) co_return tl::unexpected(outcome.error());
    co_return std::string(outcome->has_value() && (*outcome)->success ? "y" : "n");
  }
  const auto same = std::find_if(asked_.begin(), asked_.end(), [&](const Prompt& asked) {
    return asked.agent == prompt.agent && asked.context == prompt.context;
  });
  const Prompt& asked = same != asked_.end() ? *same : asked_.front();
  // On the strand, even where it may block: a warm start does nothing else.
  auto text = environment_->demonstrate(asked, teacher_->noise, rng);
  if (text || text.error().code != ErrorCode::kNotFound) co_return text;
  co_return fail(ErrorCode::kInvalid,
                 fmt::format("environment {} has no teacher ({}): set warm_start.steps = 0, or "
                             "start from a base checkpoint",
                             spec_.name(), text.error().message));
}

tl::unexpected<Error> Episode::too_long(const Speaker& self, const std::string& agent,
                                        std::size_t tokens) {
  return fail(ErrorCode::kInvalid,
              fmt::format("a demonstration for agent \"{}\" has {} tokens; rollout.max_context "
                          "and model.max_positions allow {}: raise them",
                          agent, tokens, self.binding->max_context));
}

Async<Result<Generation>> Episode::taught(Speaker& self, Prompt prompt, Lesson lesson,
                                          std::string& text) {
  auto lesson_said = co_await lesson_text(prompt, std::move(lesson));
  if (!lesson_said) co_return tl::unexpected(lesson_said.error());
  text = std::move(*lesson_said);
  const AgentBinding& binding = *self.binding;
  auto said = encode_answer(*binding.tokenizer, binding.chat.get(), text);
  if (!said) {
    co_return within(fmt::format("demonstration for \"{}\"", prompt.agent), said.error());
  }
  const std::size_t total = self.context.size() + said->size();
  if (total > static_cast<std::size_t>(binding.max_context)) {
    co_return too_long(self, prompt.agent, total);
  }
  Generation out;
  out.tokens = *said;
  self.context.append(*said);
  Segment segment;
  segment.sampled = true;
  segment.tokens = std::move(*said);
  trajectories_[self.trajectory].segments.push_back(std::move(segment));
  co_return out;
}

}  // namespace troupe
