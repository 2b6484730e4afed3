#include "train/group_gradient.h"

#include <algorithm>

#include "experience/curation/packing.h"
#include "model/sampling.h"

namespace troupe {
namespace {

/// A row as the model reads it: its tokens, and which of them are scored.
struct FlatRow {
  std::vector<TokenId> tokens;
  std::vector<int> scored;           ///< position i predicts tokens[i + 1]
  std::vector<TokenTarget> targets;  ///< one per scored position
  bool current = true;               ///< all targets are of the version that is trained
};

/// `advantages`: [sampled tokens].
FlatRow flatten(const Trajectory& row, std::span<const double> advantages, double weight,
                Version version) {
  FlatRow flat;
  int turn = 0;
  std::size_t sampled = 0;
  bool answering = false;  // an answer may be in several segments, of several versions
  for (const Segment& segment : row.segments) {
    if (answering && !segment.sampled) ++turn;
    answering = segment.sampled;
    for (std::size_t i = 0; i < segment.tokens.size(); ++i) {
      if (segment.sampled && !flat.tokens.empty()) {
        TokenTarget target;
        target.token = segment.tokens[i];
        target.weight = weight;
        target.advantage = advantages[sampled];
        target.behaviour = segment.logprobs.empty() ? 0.0F : segment.logprobs[i];
        target.current = segment.version == version;
        target.turn = turn;
        flat.current = flat.current && target.current;
        flat.scored.push_back(static_cast<int>(flat.tokens.size()) - 1);
        flat.targets.push_back(target);
      }
      flat.tokens.push_back(segment.tokens[i]);
      sampled += segment.sampled ? 1 : 0;
    }
  }
  // Nothing after the last scored position is ever read: the last sampled token itself is not fed.
  if (!flat.scored.empty()) flat.tokens.resize(static_cast<std::size_t>(flat.scored.back()) + 1);
  return flat;
}

std::vector<TrainPass::Sequence> sequences_of(const std::vector<const FlatRow*>& rows) {
  std::vector<TrainPass::Sequence> out;
  for (const FlatRow* row : rows) out.push_back(TrainPass::Sequence{row->tokens, row->scored});
  return out;
}

/// Log-probs of the rows' targets under a model, from a forward pass: [targets].
void score(const Decoder& decoder, const std::vector<const FlatRow*>& rows, float temperature,
           TrainWorkspace& w, std::vector<float>& out) {
  std::vector<TokenId> tokens;
  for (const FlatRow* row : rows) {
    for (const TokenTarget& target : row->targets) tokens.push_back(target.token);
  }
  out.resize(tokens.size());
  w.forward_pass.run(decoder, sequences_of(rows), [&](std::size_t i, std::span<float> logits) {
    log_softmax(logits, temperature, w.logprobs);
    out[i] = w.logprobs[static_cast<std::size_t>(tokens[i])];
  });
}

/// What a loss of whole rows says of the rows' targets, into w.terms.
void find_terms(const GradientJob& job, const std::vector<const FlatRow*>& rows,
                TrainWorkspace& w) {
  std::vector<const FlatRow*> older;
  for (const FlatRow* row : rows) {
    if (!row->current) older.push_back(row);
  }
  std::vector<float> logprobs;
  if (!older.empty()) score(*job.decoder, older, job.loss.temperature, w, logprobs);
  w.terms.clear();
  auto scored = logprobs.begin();
  for (const FlatRow* row : rows) {
    std::vector<LossToken> tokens;
    for (const TokenTarget& target : row->targets) {
      tokens.push_back(loss_token(target, row->current ? target.behaviour : *scored++));
    }
    std::vector<LossTerm> terms(tokens.size());
    if (!tokens.empty()) job.loss.policy->terms(tokens, terms);
    w.terms.insert(w.terms.end(), terms.begin(), terms.end());
  }
}

/// Some rows of a group, in one packed pass.
TokenStats run_pack(const GradientJob& job, std::vector<FlatRow>& rows, const Pack& pack,
                    bool signal, TrainWorkspace& w) {
  TokenStats stats;
  std::vector<const FlatRow*> packed;
  std::vector<TokenTarget*> targets;
  for (const std::size_t i : pack.items) {
    packed.push_back(&rows[i]);
    for (TokenTarget& target : rows[i].targets) targets.push_back(&target);
  }
  w.logprobs.resize(static_cast<std::size_t>(job.decoder->config().vocab));
  if (job.reference != nullptr) {
    score(*job.reference, packed, job.loss.temperature, w, w.reference);
  }
  const bool whole_rows = job.loss.policy != nullptr && !job.loss.policy->token_level();
  if (whole_rows) find_terms(job, packed, w);
  const auto loss = [&](std::size_t i, std::span<float> logits) {
    TokenTarget& target = *targets[i];
    log_softmax(logits, job.loss.temperature, w.logprobs);
    target.reference = job.reference == nullptr ? nullptr : &w.reference[i];
    target.term = whole_rows ? &w.terms[i] : nullptr;
    token_gradient(job.loss, w.logprobs, target, logits, stats);
    target.reference = nullptr;
    target.term = nullptr;
  };
  w.pass.run(*job.decoder, sequences_of(packed), loss,
             signal ? std::span<float>(w.gradient) : std::span<float>());
  return stats;
}

/// [rows][sampled tokens]; `unit`: 1 everywhere.
std::vector<std::vector<double>> advantages_of(const GradientJob& job, const Group& group,
                                               bool unit, TrainWorkspace& w) {
  if (job.token_advantages && !unit) return job.token_advantages(group, w.critic.get());
  std::vector<std::vector<double>> out;
  for (std::size_t i = 0; i < group.rows.size(); ++i) {
    const auto tokens = static_cast<std::size_t>(group.rows[i].sampled_tokens());
    out.emplace_back(tokens, unit ? 1.0 : group.advantages[i]);
  }
  return out;
}

/// One loss of a group into one sum. `unit`: every advantage is 1.
TokenStats accumulate_into(GradientSum& sum, const GradientJob& job, const Group& group, bool unit,
                           TrainWorkspace& w) {
  std::vector<FlatRow> rows;
  bool signal =
      job.loss.regularised() || (job.loss.policy != nullptr && !job.loss.policy->sampled());
  const auto advantages = advantages_of(job, group, unit, w);
  const auto count = static_cast<std::int64_t>(group.rows.size());
  for (std::size_t i = 0; i < group.rows.size(); ++i) {
    const double weight = job.weights.weight(group.rows[i].sampled_tokens(), count);
    rows.push_back(flatten(group.rows[i], advantages[i], weight, job.version));
    for (const double advantage : advantages[i]) signal = signal || advantage != 0;
  }
  TokenStats stats;
  std::fill(w.gradient.begin(), w.gradient.end(), 0.0F);
  std::vector<std::int64_t> lengths;
  for (const FlatRow& row : rows) lengths.push_back(static_cast<std::int64_t>(row.tokens.size()));
  for (const Pack& pack : pack_balanced(lengths, job.pack_tokens)) {
    stats.add(run_pack(job, rows, pack, signal, w));
  }
  // Without a signal every dlogit is zero, and so is the gradient: nothing to add.
  if (signal) sum.add(w.gradient);
  return stats;
}

}  // namespace

double TokenWeights::weight(std::int64_t tokens, std::int64_t rows) const {
  switch (kind) {
    case Kind::kSequence:
      return 1.0 / (static_cast<double>(tokens) * static_cast<double>(rows));
    case Kind::kToken:
      return 1.0 / constant;
    case Kind::kConstant:
      return 1.0 / (constant * static_cast<double>(rows));
  }
  return 0;
}

TokenStats accumulate_group(const GradientJob& job, const Group& group, TrainWorkspace& w) {
  if (!job.scaling.any()) return accumulate_into(w.sum, job, group, false, w);
  GradientJob policy = job;
  policy.loss.entropy_coefficient = 0;
  policy.loss.kl_coefficient = 0;
  const TokenStats stats = accumulate_into(w.sum, policy, group, false, w);
  policy.reference = nullptr;
  if (job.scaling.mean) accumulate_into(w.unit, policy, group, true, w);
  if (job.loss.regularised()) {
    GradientJob rest = job;
    rest.loss.policy = nullptr;
    if (job.loss.kl_coefficient == 0) rest.reference = nullptr;
    accumulate_into(w.regularisers, rest, group, false, w);
  }
  return stats;
}

}  // namespace troupe
