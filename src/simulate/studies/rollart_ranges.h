#pragma once

#include <vector>

#include "simulate/studies/ranges.h"

namespace troupe {

// Written down before the study was run for the first time, and not changed to fit its results.
// What is published is in rollart.cc: 96 H800 + 32 H20 (baselines: 128 H800), Qwen3 of 8B to 32B,
// contexts of 32k, batch 512 in groups of 8, 32 H800 for training; the tasks are FrozenLake, GEM
// games, GEM-Math and SWE-bench, of fewer than 5 or more than 10 turns.
inline const std::vector<StudyRange> kRollartRanges = {
    {"game_share", 0.3, 0.7, false, false, "share of tasks with many turns and short answers"},
    {"game_turns", 11, 30, false, true, "at most; at least 11: the upper mode has more than 10"},
    {"game_answer", 50, 400, true, false, "median tokens: a move, with some thought"},
    {"game_observation", 300, 1200, true, false, "tokens: what the environment shows"},
    {"math_turns", 1, 4, false, true, "at most; at least 1: the lower mode has fewer than 5"},
    {"math_answer", 1500, 6000, true, false, "median tokens of a chain of thought"},
    {"answer_sigma", 0.4, 1.0, false, false, "published RL runs: p99 4 to 16 times the median"},
    {"task_sigma", 0, 0.5, false, false, "hard tasks have longer answers"},
    {"latency", 0.5, 10, true, false, "mean seconds of a call to an environment; 10 in one figure"},
    {"latency_sigma", 0.1, 1, true, false, "its standard deviation, in means"},
    {"bandwidth", 0.4, 0.75, false, false, "share reached in decoding"},
    {"prefill", 0.25, 0.5, false, false, "share reached in prefill"},
    {"training", 0.15, 0.4, true, false, "MFU"},
    {"step_overhead", 0.002, 0.015, true, false, "seconds of a decode step besides the roofline"},
};

}  // namespace troupe
