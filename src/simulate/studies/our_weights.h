#pragma once

#include "simulate/team/weight_sync.h"

namespace troupe {

/// Bytes of a delta of ours over those of all values in bf16, if this share of them changed: 1.07
/// of the entropy, as bench/weights measures at 0.6% (docs/benchmarks.md), in bits N h(c) of places
/// and 1.67 of each changed value.
double our_payload(double changed);

/// New weights go as our deltas: the payload, and what so many cores beside each device take to
/// make and to apply it, at the rates of bench/weights. Who sends to whom stays as it is.
void send_deltas(WeightSyncOptions& weights, double changed, double cores_per_device);

}  // namespace troupe
