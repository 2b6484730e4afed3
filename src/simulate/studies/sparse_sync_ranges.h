#pragma once

#include <vector>

#include "simulate/studies/ranges.h"

namespace troupe {

// Written down before the study was run for the first time, and not changed to fit its results.
// What is published is in sparse_sync.cc: a 106B model in bf16 on 64 + 64 H100, the seconds of a
// whole sync over InfiniBand and over TCP, payloads 32 to 54 times smaller as places and values. A
// link here is what a broadcast to all instances reaches as a whole, which no data sheet says: the
// range is wide, and the published seconds of a whole sync choose from it.
inline const std::vector<StudyRange> kSparseSyncRanges = {
    {"changed", 0.006, 0.0105, true, false,
     "share of values that a step changes: 1 / (3 x 54) to 1 / (3 x 32), by the published "
     "payloads"},
    {"infiniband", 25, 200, true, false,
     "GB/s of a broadcast: half an adapter of 400 Gb/s to four of a node's eight"},
    {"tcp", 1, 12.5, true, false, "GB/s: 8 to 100 Gb/s"},
    {"wide_area", 0.125, 1.25, true, false, "GB/s: 1 to 10 Gb/s between sites"},
    {"chunk", 0.25, 1, true, false, "GB of a bucket; frameworks send 512 MB to 1 GB"},
    {"overhead", 0.05, 0.5, true, false,
     "seconds of a sync besides the bytes: requests end, buckets are announced, caches flushed"},
    {"cores", 8, 32, true, false, "of a node of 8 devices, that make or apply our payloads"},
    {"answer_median", 1000, 6000, true, false, "tokens; single-turn reasoning"},
    {"answer_sigma", 0.6, 1.2, false, false, "published RL runs: p99 4 to 16 times the median"},
    {"bandwidth", 0.3, 0.75, false, false, "share reached in decoding"},
    {"training", 0.1, 0.4, true, false, "MFU of a mixture of experts"},
};

}  // namespace troupe
