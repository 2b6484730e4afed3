#include "orchestrate/policy_metric.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace troupe {
namespace {

/// A candidate behind its context, as the model reads it.
struct Row {
  std::size_t probe = 0;
  std::size_t candidate = 0;
  std::vector<TokenId> tokens;  ///< the context, then the answer without its end
  std::vector<int> scored;      ///< positions that predict the answer's tokens, and its end
  std::size_t answer = 0;       ///< tokens of the answer without its end
  double chance = 1;
};

tl::unexpected<Error> too_long(const Probe& probe, std::size_t tokens, int limit) {
  return fail(ErrorCode::kInvalid,
              fmt::format("the exact measure of agent \"{}\" needs {} tokens where there is room "
                          "for {}: raise rollout.max_answer or rollout.max_context",
                          probe.agent, tokens, limit));
}

/// What the agent's context holds when it must choose.
Result<std::vector<TokenId>> context_of(const ProbedPolicy& policy, const Probe& probe) {
  std::vector<TokenId> out;
  PromptPlace place = PromptPlace::kFirst;
  for (std::size_t turn = 0; turn < probe.prompts.size(); ++turn) {
    TROUPE_ASSIGN(const auto shown,
                  encode_prompt(*policy.tokenizer, policy.chat.get(), probe.prompts[turn], place));
    out.insert(out.end(), shown.begin(), shown.end());
    if (turn == probe.answers.size()) break;
    TROUPE_ASSIGN(auto said,
                  encode_answer(*policy.tokenizer, policy.chat.get(), probe.answers[turn]));
    const bool cut = static_cast<int>(said.size()) > policy.max_answer;
    if (cut) said.pop_back();
    if (static_cast<int>(said.size()) > policy.max_answer) {
      return too_long(probe, said.size(), policy.max_answer);
    }
    out.insert(out.end(), said.begin(), said.end());
    place = cut ? PromptPlace::kAfterCut : PromptPlace::kAfterEnd;
  }
  return out;
}

Status append_rows(const ProbedPolicy& policy, const Probe& probe, std::size_t index,
                   std::vector<Row>& rows) {
  TROUPE_ASSIGN(const std::vector<TokenId> context, context_of(policy, probe));
  const int room = policy.max_context - static_cast<int>(context.size());
  const int limit = std::min(policy.max_answer, room);
  for (std::size_t c = 0; c < probe.candidates.size(); ++c) {
    TROUPE_ASSIGN(auto answer,
                  encode_answer(*policy.tokenizer, policy.chat.get(), probe.candidates[c]));
    answer.pop_back();
    if (context.empty() || static_cast<int>(answer.size()) > limit) {
      return too_long(probe, answer.size(), limit);
    }
    const bool ends = static_cast<int>(answer.size()) < limit;
    Row row;
    row.probe = index;
    row.candidate = c;
    row.answer = answer.size();
    row.tokens = context;
    row.tokens.insert(row.tokens.end(), answer.begin(), answer.end());
    row.scored.resize(answer.size() + (ends ? 1 : 0));
    std::iota(row.scored.begin(), row.scored.end(), static_cast<int>(context.size()) - 1);
    rows.push_back(std::move(row));
  }
  return {};
}

double end_chance(const ProbedPolicy& policy, std::span<const float> logprobs) {
  double out = 0;
  for (std::size_t i = 0; i < logprobs.size(); ++i) {
    const auto token = static_cast<TokenId>(i);
    const bool ends = token == policy.tokenizer->end() ||
                      (policy.stop != nullptr && policy.stop->has_token(token));
    if (ends) out += std::exp(static_cast<double>(logprobs[i]));
  }
  return out;
}

std::vector<ProbedPolicy> probed_policies(const Team& team) {
  std::vector<ProbedPolicy> out;
  const AgentBindings bindings = team.training_bindings();
  for (const auto& policy : team.policies()) {
    ProbedPolicy probed;
    probed.agents = policy->options->agents;
    probed.tokenizer = policy->tokenizer;
    probed.chat = policy->chat;
    probed.stop = policy->stop;
    probed.decoder = policy->trainer->decoder();
    probed.max_answer = policy->max_answer;
    probed.max_context = policy->max_context;
    probed.temperature = bindings.at(probed.agents.front()).sampling.temperature;
    out.push_back(std::move(probed));
  }
  return out;
}

/// A metric's numbers of the team and of its average.
Result<NamedNumbers> measure(const ExactMetric& metric, const std::vector<ProbedPolicy>& policies,
                             BehaviourAverage& average, bool join) {
  Behaviour behaviour;
  for (const Probe& probe : metric.probes()) behaviour.emplace_back(probe.candidates.size(), 0.0);
  for (const ProbedPolicy& policy : policies) {
    TROUPE_TRY(probe_policy(policy, metric.probes(), behaviour));
  }
  if (join) TROUPE_TRY(average.add(metric.probes(), behaviour));
  NamedNumbers out = metric.measure(behaviour);
  if (average.count == 0) return out;
  for (const auto& [name, value] : metric.measure(average.behaviour())) {
    out["average_" + name] = value;
  }
  return out;
}

}  // namespace

Status probe_policy(const ProbedPolicy& policy, const std::vector<Probe>& probes, Behaviour& out) {
  std::vector<Row> rows;
  for (std::size_t i = 0; i < probes.size(); ++i) {
    const bool own = std::find(policy.agents.begin(), policy.agents.end(), probes[i].agent) !=
                     policy.agents.end();
    if (own) TROUPE_TRY(append_rows(policy, probes[i], i, rows));
  }
  if (rows.empty()) return {};
  std::vector<TrainPass::Sequence> sequences;
  std::vector<std::pair<Row*, std::size_t>> places;  ///< of each scored position: row, token
  for (Row& row : rows) {
    sequences.push_back(TrainPass::Sequence{row.tokens, row.scored});
    for (std::size_t t = 0; t < row.scored.size(); ++t) places.emplace_back(&row, t);
  }
  std::vector<float> logprobs(static_cast<std::size_t>(policy.decoder->config().vocab));
  TrainPass pass;
  pass.run(*policy.decoder, sequences, [&](std::size_t i, std::span<float> logits) {
    auto& [row, token] = places[i];
    log_softmax(logits, policy.temperature, logprobs);
    if (token == row->answer) {
      row->chance *= end_chance(policy, logprobs);
    } else {
      const TokenId said = row->tokens[row->tokens.size() - row->answer + token];
      row->chance *= std::exp(static_cast<double>(logprobs[static_cast<std::size_t>(said)]));
    }
  });
  for (const Row& row : rows) out[row.probe][row.candidate] = row.chance;
  return {};
}

Async<Result<NamedNumbers>> measure_team(Executor& executor, const EnvironmentSpec& spec,
                                         const Team& team, BehaviourAverage& average, bool join) {
  Result<NamedNumbers> out;
  const auto metric = spec.exact_metric();
  if (metric == nullptr) co_return out;
  const std::vector<ProbedPolicy> policies = probed_policies(team);
  executor.idle_reason("exact measure");
  co_await on_worker(executor, "exact measure", 0,
                     [&] { out = measure(*metric, policies, average, join); });
  co_return out;
}

}  // namespace troupe
