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
};

FlatRow flatten(const Trajectory& row, double advantage, double weight, Version version) {
  FlatRow flat;
  for (const Segment& segment : row.segments) {
    for (std::size_t i = 0; i < segment.tokens.size(); ++i) {
      if (segment.sampled && !flat.tokens.empty()) {
        TokenTarget target;
        target.token = segment.tokens[i];
        target.weight = weight;
        target.advantage = advantage;
        target.behaviour = segment.logprobs.empty() ? 0.0F : segment.logprobs[i];
        target.current = segment.version == version;
        flat.scored.push_back(static_cast<int>(flat.tokens.size()) - 1);
        flat.targets.push_back(target);
      }
      flat.tokens.push_back(segment.tokens[i]);
    }
  }
  // Nothing after the last scored position is ever read: the last sampled token itself is not fed.
  if (!flat.scored.empty()) flat.tokens.resize(static_cast<std::size_t>(flat.scored.back()) + 1);
  return flat;
}

/// Some rows of a group, in one packed pass.
TokenStats run_pack(const GradientJob& job, std::vector<FlatRow>& rows, const Pack& pack,
                    bool signal, TrainWorkspace& w) {
  TokenStats stats;
  std::vector<TrainPass::Sequence> sequences;
  for (const std::size_t i : pack.items) {
    sequences.push_back(TrainPass::Sequence{rows[i].tokens, rows[i].scored});
  }
  std::vector<TokenTarget*> targets;
  for (const std::size_t i : pack.items) {
    for (TokenTarget& target : rows[i].targets) targets.push_back(&target);
  }
  w.logprobs.resize(static_cast<std::size_t>(job.decoder->config().vocab));
  w.reference.resize(targets.size());
  if (job.reference != nullptr) {
    w.reference_pass.run(*job.reference, sequences, [&](std::size_t i, std::span<float> logits) {
      log_softmax(logits, job.loss.temperature, w.logprobs);
      w.reference[i] = w.logprobs[static_cast<std::size_t>(targets[i]->token)];
    });
  }
  const auto loss = [&](std::size_t i, std::span<float> logits) {
    TokenTarget& target = *targets[i];
    log_softmax(logits, job.loss.temperature, w.logprobs);
    target.reference = job.reference == nullptr ? nullptr : &w.reference[i];
    token_loss(job.loss, w.logprobs, target, logits, stats);
    target.reference = nullptr;
  };
  w.pass.run(*job.decoder, sequences, loss,
             signal ? std::span<float>(w.gradient) : std::span<float>());
  return stats;
}

}  // namespace

double TokenWeights::weight(std::int64_t tokens, std::int64_t rows) const {
  switch (kind) {
    case Kind::kSequence:
      return 1.0 / (static_cast<double>(tokens) * static_cast<double>(rows));
    case Kind::kToken:
      return 1.0;
    case Kind::kConstant:
      return 1.0 / (constant * static_cast<double>(rows));
  }
  return 0;
}

TokenStats accumulate_group(const GradientJob& job, const Group& group, TrainWorkspace& w) {
  std::vector<FlatRow> rows;
  bool signal = job.loss.kind == LossSettings::Kind::kCrossEntropy ||
                job.loss.entropy_coefficient != 0 || job.loss.kl_coefficient != 0;
  const auto count = static_cast<std::int64_t>(group.rows.size());
  for (std::size_t i = 0; i < group.rows.size(); ++i) {
    const double weight = job.weights.weight(group.rows[i].sampled_tokens(), count);
    rows.push_back(flatten(group.rows[i], group.advantages[i], weight, job.version));
    signal = signal || group.advantages[i] != 0;
  }
  TokenStats stats;
  std::fill(w.gradient.begin(), w.gradient.end(), 0.0F);
  std::vector<std::int64_t> lengths;
  for (const FlatRow& row : rows) lengths.push_back(static_cast<std::int64_t>(row.tokens.size()));
  for (const Pack& pack : pack_balanced(lengths, job.pack_tokens)) {
    stats.add(run_pack(job, rows, pack, signal, w));
  }
  // Without a signal every dlogit is zero, and so is the gradient: nothing to add.
  if (signal) w.sum.add(w.gradient);
  return stats;
}

}  // namespace troupe
