#include "orchestrate/pipeline_options.h"

namespace troupe {

void ModeOptions::declare(OptionSet& o) {
  o.add("mode", &mode,
        "barrier: a step generates all its groups, then trains on them. micro_batch: backward "
        "begins with the first complete groups, at frozen weights; the same gradient, sooner. "
        "overlap: the next steps' groups are generated meanwhile, by weights that are at most "
        "`staleness` versions old.")
      .one_of({"barrier", "micro_batch", "overlap"});
  o.add("staleness", &staleness,
        "overlap: how many versions rollout may run ahead of training; a fraction lets in a part "
        "of the next step's groups.")
      .range(0, 1000);
  o.add("update", &update,
        "overlap: what new weights mean for what is being sampled. pin: a group keeps the version "
        "of its admission, so that timing changes nothing. keep: answers in flight end as they "
        "began, the next turn has the new weights. abort: they are interrupted and go on under the "
        "new weights. drain: the update waits for them.")
      .one_of({"pin", "keep", "abort", "drain"});
}

PipelineMode ModeOptions::pipeline_mode() const {
  if (mode == "barrier") return PipelineMode::kBarrier;
  return mode == "overlap" ? PipelineMode::kOverlap : PipelineMode::kMicroBatch;
}

WeightUpdate ModeOptions::weight_update() const {
  if (update == "keep") return WeightUpdate::kKeep;
  if (update == "abort") return WeightUpdate::kAbort;
  return update == "drain" ? WeightUpdate::kDrain : WeightUpdate::kPin;
}

double ModeOptions::bound() const { return mode == "overlap" ? staleness : 0; }

void PipelineOptions::declare(OptionSet& o) {
  mode.declare(o);
  o.add("micro_batch", &micro_batch,
        "Complete groups that backward begins with, while the rest is still being generated. Does "
        "not change the gradient.")
      .range(1, 2000);
  o.add("pack_tokens", &pack_tokens,
        "Most tokens that one forward and backward pass holds; larger groups take several.")
      .range(16, 1e9);
  o.add("recompute", &recompute,
        "Keep only what enters each layer for the backward pass and compute the rest again: the "
        "same bits, less memory, about a third more work.");
  o.add("group_timeout", &group_timeout,
        "Seconds that a step may wait for its next complete group.")
      .range(0.001, 1e6);
  o.add("tail", &tail,
        "How a step keeps its slowest episodes from holding it up (docs/pipeline.md). none: it "
        "waits "
        "for them.")
      .one_of({"none", "redundant_groups", "redundant_members", "tail_batching"});
  o.add("tail_factor", &tail_factor,
        "How many times as many groups or episodes are launched as a step needs, with a tail "
        "policy.")
      .range(1, 8);
}

}  // namespace troupe
