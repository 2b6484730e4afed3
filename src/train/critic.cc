#include "train/critic.h"

#include <algorithm>

#include "experience/curation/packing.h"
#include "train/advantage/gae.h"

namespace troupe {
namespace {

/// A row as the critic reads it: its tokens up to the last scored position, and which are scored.
struct CriticRow {
  std::vector<TokenId> tokens;
  std::vector<int> scored;   ///< position i stands before tokens[i + 1]
  bool blind_start = false;  ///< the first token was sampled: nothing stands before it
};

CriticRow read(const Trajectory& row) {
  CriticRow out;
  for (const Segment& segment : row.segments) {
    for (const TokenId token : segment.tokens) {
      if (segment.sampled && out.tokens.empty()) out.blind_start = true;
      if (segment.sampled && !out.tokens.empty()) {
        out.scored.push_back(static_cast<int>(out.tokens.size()) - 1);
      }
      out.tokens.push_back(token);
    }
  }
  if (!out.scored.empty()) out.tokens.resize(static_cast<std::size_t>(out.scored.back()) + 1);
  return out;
}

std::vector<CriticRow> read(const Group& group) {
  std::vector<CriticRow> out;
  for (const Trajectory& row : group.rows) out.push_back(read(row));
  return out;
}

/// Runs the critic over all rows. `visit` sees each scored position's row, its index among the
/// row's scored positions, and the logits; it leaves d(loss)/d(logits) there if there is a
/// gradient.
template <class Visit>
void run(const CriticJob& job, const std::vector<CriticRow>& rows, TrainPass& pass,
         std::span<float> gradient, const Visit& visit) {
  std::vector<std::int64_t> lengths;
  for (const CriticRow& row : rows) {
    lengths.push_back(static_cast<std::int64_t>(row.tokens.size()));
  }
  for (const Pack& pack : pack_balanced(lengths, job.pack_tokens)) {
    std::vector<TrainPass::Sequence> sequences;
    std::vector<std::pair<std::size_t, std::size_t>> places;
    for (const std::size_t i : pack.items) {
      sequences.push_back(TrainPass::Sequence{rows[i].tokens, rows[i].scored});
      for (std::size_t t = 0; t < rows[i].scored.size(); ++t) places.emplace_back(i, t);
    }
    pass.run(
        *job.decoder, sequences,
        [&](std::size_t i, std::span<float> logits) {
          visit(places[i].first, places[i].second, logits);
        },
        gradient);
  }
}

std::vector<std::vector<double>> values_of(const CriticJob& job, const std::vector<CriticRow>& rows,
                                           TrainPass& pass) {
  std::vector<std::vector<double>> out;
  for (const CriticRow& row : rows) out.emplace_back(row.scored.size() + (row.blind_start ? 1 : 0));
  run(job, rows, pass, {}, [&](std::size_t i, std::size_t t, std::span<float> logits) {
    out[i][t + (rows[i].blind_start ? 1 : 0)] = static_cast<double>(logits[0]);
  });
  return out;
}

}  // namespace

Weights critic_weights(const Weights& policy) {
  ModelConfig config = policy.config;
  config.tied = false;
  Weights out(config);
  for (const TensorSpec& spec : out.layout.tensors()) {
    const TensorSpec* from = policy.layout.find(spec.name);
    if (from == nullptr || spec.name == "lm_head.weight") continue;
    const auto values = policy.tensor(*from);
    std::copy(values.begin(), values.end(), out.tensor(spec).begin());
  }
  return out;
}

std::vector<std::vector<double>> critic_values(const CriticJob& job, const Group& group,
                                               CriticWorkspace& workspace) {
  return values_of(job, read(group), workspace.forward_pass);
}

CriticEstimate accumulate_critic(const CriticJob& job, const Group& group, CriticWorkspace& w) {
  const std::vector<CriticRow> rows = read(group);
  const auto values = values_of(job, rows, w.forward_pass);
  CriticEstimate out;
  std::vector<std::vector<double>> returns;
  double tokens = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto rewards = token_rewards(group.rows[i], job.advantage.per_turn);
    GaeEstimate estimate =
        gae(rewards, values[i], job.advantage.gae_discount, job.advantage.gae_lambda);
    out.advantages.push_back(std::move(estimate.advantages));
    returns.push_back(std::move(estimate.returns));
    tokens += static_cast<double>(rows[i].scored.size());
  }
  if (tokens == 0) return out;
  std::fill(w.gradient.begin(), w.gradient.end(), 0.0F);
  run(job, rows, w.pass, w.gradient, [&](std::size_t i, std::size_t t, std::span<float> logits) {
    const std::size_t at = t + (rows[i].blind_start ? 1 : 0);
    const double error = values[i][at] - returns[i][at];
    std::fill(logits.begin(), logits.end(), 0.0F);
    logits[0] = static_cast<float>(error / tokens);
    out.loss += 0.5 * error * error / tokens;
  });
  w.sum.add(w.gradient);
  return out;
}

}  // namespace troupe
