#include "rollout/episode.h"

#include <fmt/format.h>

#include "base/rng.h"

namespace troupe {

Episode::Episode(Executor& executor, const EnvironmentSpec& spec, const AgentBindings& agents,
                 EpisodeId id, Wait turn_wait, std::shared_ptr<Cancel> cancel)
    : executor_(executor),
      spec_(spec),
      agents_(agents),
      id_(std::move(id)),
      turn_wait_(std::move(turn_wait)),
      cancel_(std::move(cancel)),
      environment_(spec.make()) {}

Async<Result<Turn>> Episode::reset(Task task) {
  const std::uint64_t seed = seed_join(id_.seed, "environment");
  if (!spec_.may_block()) co_return environment_->reset(task, seed);
  Result<Turn> turn;
  co_await on_worker(executor_, "environment", 0, [&] { turn = environment_->reset(task, seed); });
  co_return turn;
}

Async<Result<Turn>> Episode::step(std::vector<Action> actions) {
  if (!spec_.may_block()) co_return environment_->step(actions);
  Result<Turn> turn;
  co_await on_worker(executor_, "environment", 0, [&] { turn = environment_->step(actions); });
  co_return turn;
}

Result<Episode::Speaker*> Episode::speaker(const std::string& agent) {
  const auto known = speakers_.find(agent);
  if (known != speakers_.end()) return &known->second;
  const auto binding = agents_.find(agent);
  if (binding == agents_.end()) {
    return fail(ErrorCode::kInvalid,
                fmt::format("environment {} prompted the agent \"{}\", which no policy plays",
                            spec_.name(), agent));
  }
  Speaker fresh;
  fresh.binding = &binding->second;
  fresh.trajectory = trajectories_.size();
  Trajectory trajectory;
  trajectory.agent = agent;
  trajectory.member = id_.member;
  trajectories_.push_back(std::move(trajectory));
  return &speakers_.emplace(agent, std::move(fresh)).first->second;
}

Result<std::vector<TokenId>> Episode::hear(const Speaker& self, const Prompt& prompt) {
  PromptPlace place = self.cut ? PromptPlace::kAfterCut : PromptPlace::kAfterEnd;
  if (self.turns == 0) place = PromptPlace::kFirst;
  auto ids = encode_prompt(*self.binding->tokenizer, self.binding->chat.get(), prompt.text, place);
  if (ids) return ids;
  return within(fmt::format("prompt for agent \"{}\"", prompt.agent), ids.error());
}

Async<Result<Action>> Episode::act(Prompt prompt) {
  auto found = speaker(prompt.agent);
  if (!found) co_return tl::unexpected(found.error());
  Speaker& self = **found;
  const AgentBinding& binding = *self.binding;

  auto shown = hear(self, prompt);
  if (!shown) co_return tl::unexpected(shown.error());
  Action action;
  action.agent = prompt.agent;
  const std::size_t grown = self.context.size() + shown->size();
  const int room = binding.max_context - static_cast<int>(grown);
  if (room < 1 || shown->empty()) {
    if (self.turns == 0) {
      co_return fail(
          ErrorCode::kInvalid,
          fmt::format("the first prompt for agent \"{}\" has {} tokens; rollout.max_context "
                      "allows 1 to {}: raise it or shorten the prompt",
                      prompt.agent, shown->size(), binding.max_context - 1));
    }
    // The agent's own talking filled its context: an outcome, not a failure.
    action.truncated = true;
    trajectories_[self.trajectory].truncated = true;
    Exchange exchange;
    exchange.prompt = std::move(prompt);
    exchange.action = action;
    exchanges_.push_back(std::move(exchange));
    co_return action;
  }
  if (!self.session) {
    auto session = co_await binding.engine->open(binding.max_context, turn_wait_);
    if (!session) co_return tl::unexpected(session.error());
    self.session = std::move(*session);
  }
  self.context.insert(self.context.end(), shown->begin(), shown->end());
  GenerateRequest request;
  request.max_tokens = std::min(binding.max_answer_tokens, room);
  request.sampling = binding.sampling;
  request.stop = binding.stop;
  request.weights = binding.weights;
  request.seed =
      seed_join(seed_join(id_.seed, prompt.agent), static_cast<std::uint64_t>(self.turns));
  Segment prompt_segment;
  prompt_segment.tokens = std::move(*shown);
  trajectories_[self.trajectory].segments.push_back(std::move(prompt_segment));
  auto answer = co_await sample(self, std::move(request));
  if (!answer) co_return tl::unexpected(answer.error());

  action.text =
      binding.stop ? binding.stop->text(answer->tokens) : binding.tokenizer->decode(answer->tokens);
  action.truncated = answer->reason == FinishReason::kLength;
  self.cut = answer->tokens.empty() || answer->tokens.back() != binding.tokenizer->end();
  Trajectory& trajectory = trajectories_[self.trajectory];
  trajectory.truncated = trajectory.truncated || action.truncated;
  trajectory.sample_id = fmt::format("{}_{}_{}", id_.input, self.turns, id_.member);
  ++self.turns;
  Exchange exchange;
  exchange.prompt = std::move(prompt);
  exchange.action = action;
  exchanges_.push_back(std::move(exchange));
  co_return action;
}

/// One answer, in as many pieces as weight updates cut it into; each piece is a segment of its own.
Async<Result<Generation>> Episode::sample(Speaker& self, GenerateRequest request) {
  const int most = request.max_tokens;
  Generation whole;
  while (true) {
    if (cancel_ && cancel_->requested()) {
      co_return fail(ErrorCode::kCancelled, "the episode is not needed any more");
    }
    request.context = self.context;
    request.sampled_before = static_cast<int>(whole.tokens.size());
    request.max_tokens = most - request.sampled_before;
    const Cancel::Watch watch(cancel_.get(), *self.binding->engine, *self.session);
    auto piece = co_await self.binding->engine->generate(self.session, request);
    if (!piece) co_return tl::unexpected(piece.error());
    whole.tokens.insert(whole.tokens.end(), piece->tokens.begin(), piece->tokens.end());
    whole.reason = piece->reason;
    self.context.insert(self.context.end(), piece->tokens.begin(), piece->tokens.end());
    Trajectory& trajectory = trajectories_[self.trajectory];
    trajectory.entropy_sum += piece->entropy_sum;
    if (!piece->tokens.empty()) {
      Segment segment;
      segment.sampled = true;
      segment.tokens = std::move(piece->tokens);
      segment.logprobs = std::move(piece->logprobs);
      segment.version = piece->version;
      trajectory.segments.push_back(std::move(segment));
    }
    if (whole.reason != FinishReason::kAborted) co_return whole;
    ++pieces_;
  }
}

Result<Outcome> Episode::finish() {
  Outcome outcome = environment_->outcome();
  const auto names = spec_.agents();
  if (outcome.rewards.size() != names.size()) {
    return fail(ErrorCode::kUnavailable,
                fmt::format("environment {} gave {} rewards for {} agents", spec_.name(),
                            outcome.rewards.size(), names.size()));
  }
  for (Trajectory& trajectory : trajectories_) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (names[i] == trajectory.agent) trajectory.reward = outcome.rewards[i];
    }
    trajectory.success = outcome.success;
  }
  speakers_.clear();  // gives the KV caches back
  return outcome;
}

}  // namespace troupe
