#include "rollout/episode.h"

#include <fmt/format.h>

#include <algorithm>
#include <climits>
#include <iterator>

#include "base/rng.h"
#include "rollout/concurrency.h"

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

void Episode::share(Concurrency& budget) {
  budget_ = &budget;
  ticket_ = budget.ticket();
}

Async<Result<Turn>> Episode::reset_it(Environment& environment) {
  const std::uint64_t seed = environment_seed_;
  if (!spec_.may_block()) co_return environment.reset(task_, seed);
  Result<Turn> turn;
  co_await on_io(executor_, "environment", [&] { turn = environment.reset(task_, seed); });
  co_return turn;
}

Async<Result<Turn>> Episode::step_it(Environment& environment, const std::vector<Action>& actions) {
  if (!spec_.may_block()) co_return environment.step(actions);
  Result<Turn> turn;
  co_await on_io(executor_, "environment", [&] { turn = environment.step(actions); });
  co_return turn;
}

Async<Result<Turn>> Episode::reset(Task task) {
  task_ = std::move(task);
  environment_seed_ =
      teacher_ != nullptr ? teacher_->rng.next() : seed_join(id_.seed, "environment");
  auto turn = co_await reset_it(*environment_);
  if (turn) asked_ = turn->prompts;
  co_return turn;
}

Async<Result<Turn>> Episode::step(std::vector<Action> actions) {
  const auto alone = [this] {
    return spec_.agents().size() == 1 && spec_.contexts_per_agent() == 1;
  };
  if (teacher_ != nullptr && spec_.may_block() && alone() && turns() + 1 == spec_.max_turns()) {
    // What the last answer earns is not asked for, and may be costly to find out.
    unscored_ = true;
    co_return Turn();
  }
  if (environment_.use_count() > 1) {
    auto own = co_await replay();
    if (!own) co_return tl::unexpected(own.error());
    environment_ = std::move(*own);
  }
  auto turn = co_await step_it(*environment_, actions);
  if (turn) asked_ = turn->prompts;
  actions_.push_back(std::move(actions));
  co_return turn;
}

Result<Episode::Speaker*> Episode::speaker(const Prompt& prompt) {
  const auto& agent = prompt.agent;
  if (branch_ != 0 && prompt.context != 0) {
    return fail(ErrorCode::kInternal, "a branch of an episode has one context for each agent");
  }
  const auto known = speakers_.find(Place(agent, prompt.context));
  if (known != speakers_.end()) {
    if (!known->second.acting) return &known->second;
    return fail(ErrorCode::kInvalid,
                fmt::format("environment {} prompted context {} of agent \"{}\" twice in one turn",
                            spec_.name(), prompt.context, agent));
  }
  const auto binding = agents_.find(agent);
  if (binding == agents_.end()) {
    return fail(ErrorCode::kInvalid,
                fmt::format("environment {} prompted the agent \"{}\", which no policy plays",
                            spec_.name(), agent));
  }
  Speaker fresh;
  fresh.binding = &binding->second;
  fresh.trajectory = trajectories_.size();
  fresh.seed = seed_join(id_.seed, agent);
  if (branch_ != 0) {
    fresh.seed = seed_join(seed_join(fresh.seed, "branch"), static_cast<std::uint64_t>(branch_));
  } else if (prompt.context != 0) {
    fresh.seed =
        seed_join(seed_join(fresh.seed, "context"), static_cast<std::uint64_t>(prompt.context));
  }
  Trajectory trajectory;
  trajectory.agent = agent;
  trajectory.member = id_.member;
  trajectory.context = branch_ != 0 ? branch_context_ : prompt.context;
  trajectories_.push_back(std::move(trajectory));
  return &speakers_.emplace(Place(agent, prompt.context), std::move(fresh)).first->second;
}

void Episode::release_idle(const std::string& agent) {
  const auto first = speakers_.lower_bound(Place(agent, INT_MIN));
  auto end = first;
  while (end != speakers_.end() && end->first.first == agent) ++end;
  if (std::distance(first, end) < 2 && !forked_) return;
  for (auto own = first; own != end; ++own) {
    if (!own->second.acting) own->second.session.reset();
  }
}

Result<std::vector<TokenId>> Episode::hear(const Speaker& self, const Prompt& prompt) {
  PromptPlace place = self.cut ? PromptPlace::kAfterCut : PromptPlace::kAfterEnd;
  if (self.turns == 0) place = PromptPlace::kFirst;
  auto ids = encode_prompt(*self.binding->tokenizer, self.binding->chat.get(), prompt.text, place);
  if (ids) return ids;
  return within(fmt::format("prompt for agent \"{}\"", prompt.agent), ids.error());
}

Async<Result<Action>> Episode::act(Prompt prompt, Lesson lesson) {
  auto found = speaker(prompt);
  if (!found) co_return tl::unexpected(found.error());
  Speaker& self = **found;
  const std::size_t place = exchanges_.size();  // in the order of prompts, whoever answers first
  exchanges_.emplace_back().prompt = prompt;
  exchanges_.back().prompt.context = trajectories_[self.trajectory].context;
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
    if (teacher_ != nullptr) co_return too_long(self, prompt.agent, grown);
    // The agent's own talking filled its context: an outcome, not a failure.
    action.truncated = true;
    trajectories_[self.trajectory].truncated = true;
    self.answers.emplace_back();
    exchanges_[place].action = action;
    co_return action;
  }
  self.context.append(*shown);
  Segment prompt_segment;
  prompt_segment.tokens = std::move(*shown);
  trajectories_[self.trajectory].segments.push_back(std::move(prompt_segment));
  Result<Generation> answer;
  if (teacher_ != nullptr) {
    answer = co_await taught(self, prompt, std::move(lesson), action.text);
  } else {
    answer = co_await sample(self, room);
  }
  if (!answer) co_return tl::unexpected(answer.error());

  if (teacher_ == nullptr) {
    action.text = binding.stop ? binding.stop->text(answer->tokens)
                               : binding.tokenizer->decode(answer->tokens);
  }
  action.truncated = answer->reason == FinishReason::kLength;
  for (const float logprob : answer->logprobs) action.logprob += static_cast<double>(logprob);
  self.cut = answer->tokens.empty() || answer->tokens.back() != binding.tokenizer->end();
  Trajectory& trajectory = trajectories_[self.trajectory];
  self.answers.emplace_back(trajectory.segments.size() - 1);
  trajectory.truncated = trajectory.truncated || action.truncated;
  trajectory.sample_id = fmt::format("{}_{}_{}", id_.input, self.turns, id_.member);
  const int part = branch_ != 0 ? branch_ : trajectory.context;
  if (part != 0) trajectory.sample_id += fmt::format(".{}", part);
  ++self.turns;
  exchanges_[place].action = action;
  co_return action;
}

Async<Result<Generation>> Episode::sample(Speaker& self, int room) {
  const AgentBinding& binding = *self.binding;
  const std::string agent = trajectories_[self.trajectory].agent;
  self.acting = true;
  release_idle(agent);
  if (!self.session) {
    SessionHint hint;
    hint.task = task_.id;
    hint.agent = trajectories_[self.trajectory].agent;
    hint.group_lacks = group_lacks_;
    auto session =
        co_await binding.engine->open_hinted(std::move(hint), binding.max_context, turn_wait_);
    if (!session) co_return tl::unexpected(session.error());
    self.session = std::move(*session);
  }
  GenerateRequest request;
  request.max_tokens = std::min(binding.max_answer_tokens, room);
  request.sampling = binding.sampling;
  request.stop = binding.stop;
  request.weights = binding.weights;
  request.seed = seed_join(self.seed, static_cast<std::uint64_t>(self.turns));
  std::optional<Concurrency::Place> held;  // the last thing to wait for: whoever has it goes on
  if (budget_ != nullptr) {
    auto place = co_await budget_->enter(ticket_);
    if (!place) co_return tl::unexpected(place.error());
    held.emplace(std::move(*place));
  }
  auto answer = co_await sample_pieces(self, std::move(request));
  held.reset();
  if (!answer) co_return tl::unexpected(answer.error());
  self.acting = false;
  release_idle(agent);
  co_return answer;
}

/// One answer, in as many pieces as weight updates cut it into; each piece is a segment of its own.
Async<Result<Generation>> Episode::sample_pieces(Speaker& self, GenerateRequest request) {
  const int most = request.max_tokens;
  Generation whole;
  while (true) {
    if (cancel_ && cancel_->requested()) {
      co_return fail(ErrorCode::kCancelled, "the episode is not needed any more");
    }
    request.sampled_before = static_cast<int>(whole.tokens.size());
    request.max_tokens = most - request.sampled_before;
    GenerateRequest next = request;  // moved on, so that in the end nobody shares the context
    next.context = self.context;
    const Cancel::Watch watch(cancel_.get(), *self.binding->engine, *self.session);
    auto piece = co_await self.binding->engine->generate(self.session, std::move(next));
    if (!piece) co_return tl::unexpected(piece.error());
    whole.tokens.insert(whole.tokens.end(), piece->tokens.begin(), piece->tokens.end());
    whole.logprobs.insert(whole.logprobs.end(), piece->logprobs.begin(), piece->logprobs.end());
    whole.reason = piece->reason;
    self.context.append(piece->tokens);
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

Status Episode::reward(const Outcome& outcome) {
  const auto names = spec_.agents();
  if (outcome.rewards.size() != names.size()) {
    return fail(ErrorCode::kUnavailable,
                fmt::format("environment {} gave {} rewards for {} agents", spec_.name(),
                            outcome.rewards.size(), names.size()));
  }
  const auto stray = [this](const std::string& agent, const std::string& what) {
    return fail(ErrorCode::kUnavailable,
                fmt::format("environment {} rewards {} of agent \"{}\", which was not prompted",
                            spec_.name(), what, agent));
  };
  for (Trajectory& trajectory : trajectories_) {
    const auto at = std::find(names.begin(), names.end(), trajectory.agent);
    if (at != names.end()) {
      trajectory.reward = outcome.rewards[static_cast<std::size_t>(at - names.begin())];
    }
    trajectory.success = outcome.success;
  }
  for (const ContextReward& earned : outcome.contexts) {
    bool played = false;
    for (Trajectory& trajectory : trajectories_) {
      if (trajectory.agent != earned.agent || trajectory.context != earned.context) continue;
      trajectory.reward = earned.reward;
      played = true;
    }
    if (!played) return stray(earned.agent, fmt::format("context {}", earned.context));
  }
  for (const TurnReward& earned : outcome.turns) {
    const auto found = speakers_.find(Place(earned.agent, earned.context));
    if (found == speakers_.end() || earned.turn < 0 ||
        static_cast<std::size_t>(earned.turn) >= found->second.answers.size()) {
      return stray(earned.agent, fmt::format("turn {} of context {}", earned.turn, earned.context));
    }
    const auto& answer = found->second.answers[static_cast<std::size_t>(earned.turn)];
    Trajectory& trajectory = trajectories_[found->second.trajectory];
    if (answer) trajectory.segments[*answer].reward = earned.reward;
  }
  for (Trajectory& trajectory : trajectories_) {
    const auto own = branch_rewards_.find({trajectory.agent, trajectory.sample_id});
    if (own != branch_rewards_.end()) trajectory.reward = own->second;
  }
  return {};
}

Outcome Episode::outcome() const {
  if (!unscored_) return environment_->outcome();
  Outcome nothing;
  nothing.rewards.assign(spec_.agents().size(), 0.0);
  return nothing;
}

Result<Outcome> Episode::finish(Outcome outcome) {
  TROUPE_TRY(reward(outcome));
  speakers_.clear();  // gives the KV caches back
  std::erase_if(trajectories_, [this](const Trajectory& t) { return agents_.at(t.agent).frozen; });
  if (teacher_ != nullptr) return outcome;  // demonstrations stay in the order of their prompts
  const auto names = spec_.agents();
  const auto place = [&names](const Trajectory& t) {
    return std::make_pair(std::find(names.begin(), names.end(), t.agent), t.context);
  };
  std::stable_sort(trajectories_.begin(), trajectories_.end(),
                   [&](const auto& a, const auto& b) { return place(a) < place(b); });
  return outcome;
}

}  // namespace troupe
