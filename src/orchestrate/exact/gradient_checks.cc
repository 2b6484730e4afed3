#include "orchestrate/exact/gradient_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "orchestrate/exact/step_check.h"
#include "train/loss/registry.h"

namespace troupe::exact {
namespace {

std::vector<std::shared_ptr<const Group>> draw_groups(const std::vector<Trajectory>& rows,
                                                      Rng& rng) {
  std::vector<std::shared_ptr<const Group>> groups;
  for (std::uint64_t g = 0; g < 3 + rng.below(3); ++g) {
    auto group = std::make_shared<Group>();
    group->key.index = static_cast<std::int64_t>(g);
    for (std::uint64_t r = 0; r < 1 + rng.below(3); ++r) {
      group->rows.push_back(rows[rng.below(rows.size())]);
      group->advantages.push_back(rng.below(4) == 0 ? 0.0 : rng.normal());
    }
    groups.push_back(std::move(group));
  }
  return groups;
}

GradientJob draw_job(const Decoder& decoder, const Decoder* reference, float temperature,
                     Rng& rng) {
  constexpr std::array kWeights = {TokenWeights::Kind::kSequence, TokenWeights::Kind::kToken,
                                   TokenWeights::Kind::kConstant};
  GradientJob job;
  job.decoder = &decoder;
  job.reference = reference;
  AlgorithmOptions algorithm;
  algorithm.loss = loss_entries()[rng.below(loss_entries().size())].name;
  job.loss.policy = make_loss(algorithm);
  job.loss.temperature = temperature;
  job.loss.entropy_coefficient = rng.below(2) == 0 ? 0.0 : 0.01;
  job.loss.kl_coefficient = reference == nullptr ? 0.0 : 0.1;
  job.weights.kind = kWeights[rng.below(kWeights.size())];
  job.weights.constant = 8;
  job.pack_tokens = static_cast<std::int64_t>(1 + rng.below(120));
  return job;
}

/// A gradient as the step reads it.
std::vector<float> read(const GradientSum& sum, std::size_t size) {
  std::vector<float> out(size);
  sum.read(0.25, out);
  return out;
}

/// One workspace takes all groups, some twice, in a random order.
void any_company(const Case& drawn, const GradientJob& job,
                 const std::vector<std::shared_ptr<const Group>>& groups,
                 const std::vector<std::vector<float>>& expected, const Seams& seams, Rng& rng,
                 Tally& tally) {
  TrainWorkspace used(drawn.weights->layout, rng.below(2) == 0);
  for (std::size_t i = 0; i < groups.size() + 2; ++i) {
    const std::size_t g = rng.below(groups.size());
    seams.accumulate(job, *groups[g], used);
    tally.compare(Kind::kGroupGradient, expected[g], used.gradient, [&] {
      return fmt::format(
          "gradient of group {}, in the layout of the weights, after {} other groups", g, i);
    });
  }
}

/// Some workers share the groups; their sums are merged in a random order.
void any_order(const Case& drawn, const GradientJob& job,
               const std::vector<std::shared_ptr<const Group>>& groups, const GradientSum& expected,
               const Seams& seams, Rng& rng, Tally& tally) {
  const ParameterLayout& layout = drawn.weights->layout;
  std::vector<std::unique_ptr<TrainWorkspace>> workers;
  for (std::uint64_t i = 0; i < 1 + rng.below(3); ++i) {
    workers.push_back(std::make_unique<TrainWorkspace>(layout));
  }
  auto order = groups;
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[rng.below(i)]);
  for (const auto& group : order) {
    seams.accumulate(job, *group, *workers[rng.below(workers.size())]);
  }
  GradientSum sum(layout.size());
  while (!workers.empty()) {
    std::swap(workers.back(), workers[rng.below(workers.size())]);
    sum.merge(workers.back()->sum);
    workers.pop_back();
  }
  tally.compare(Kind::kGradientSum, read(expected, layout.size()), read(sum, layout.size()), [&] {
    return fmt::format("sum of the gradients of {} groups, in the layout of the weights",
                       groups.size());
  });
}

}  // namespace

void check_gradients(const Case& drawn, const std::shared_ptr<const Decoder>& decoder,
                     const std::vector<Trajectory>& rows, float temperature, const Seams& seams,
                     Tally& tally) {
  if (rows.empty()) return;
  Rng rng = drawn.rng("gradients");
  const auto groups = draw_groups(rows, rng);
  std::unique_ptr<const Decoder> reference;
  if (rng.below(3) == 0) {
    reference = std::make_unique<const Decoder>(
        std::make_shared<const Weights>(random_weights(drawn.config(), rng.next())), *drawn.table);
  }
  const GradientJob job = draw_job(*decoder, reference.get(), temperature, rng);
  std::vector<std::vector<float>> expected;
  GradientSum sum(drawn.weights->layout.size());
  for (const auto& group : groups) {
    TrainWorkspace fresh(drawn.weights->layout);
    const TokenStats stats = seams.accumulate(job, *group, fresh);
    sum.merge(fresh.sum);
    expected.push_back(std::move(fresh.gradient));
    // What the trainer itself measures between the recorded log-probs and its own.
    const float none = 0.0F;
    const auto mismatch = static_cast<float>(stats.mismatch);
    tally.compare(Kind::kRecorded, {&none, 1}, {&mismatch, 1}, [&] {
      return fmt::format("largest mismatch of log-probs in group {}", group->key.index);
    });
  }
  any_company(drawn, job, groups, expected, seams, rng, tally);
  any_order(drawn, job, groups, sum, seams, rng, tally);
  check_step(drawn, groups, temperature, tally);
}

}  // namespace troupe::exact
