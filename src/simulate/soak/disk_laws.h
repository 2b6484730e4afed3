#pragma once

#include <cstdint>

#include "base/disk_simulated.h"
#include "orchestrate/run_options.h"
#include "simulate/soak/ledger.h"
#include "simulate/soak/violations.h"

namespace troupe {

/// The laws of what a process leaves behind, looked at from outside, as a new process or a reader
/// would: "durable" (a checkpoint that observers heard of is there, and whole), "head" (a published
/// head names a version that can be put together, one that a trainer has made) and
/// "journal" (no sample that was synced is damaged or cannot be read). `durable_step`: of the
/// newest checkpoint that was told to be durable; -1: none. Changes nothing. Blocks.
void check_disk(SimulatedDisk& disk, const RunOptions& options, const Ledger& ledger,
                std::int64_t durable_step, Violations& verdict);

}  // namespace troupe
