#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "orchestrate/pipeline.h"

namespace troupe {

// What the pipeline records in the executor's trace (base/trace.h); without one these do nothing.

/// A group has ended, or is left for a resume: a span on track "groups", with its task, the version
/// of each policy that it was admitted at, and its state.
void trace_group(const PipelineSetting& setting, GroupKey key, Nanos began);
/// Counters: groups in flight, bytes that the journal has not made durable.
void trace_in_flight(const PipelineSetting& setting, std::size_t groups);
/// A step (0-based) has ended: its span, each policy's stages, and the staleness.
void trace_step(const PipelineSetting& setting, std::int64_t step, Nanos began,
                const std::vector<PolicyStep>& policies);

}  // namespace troupe
