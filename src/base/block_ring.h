#pragma once

#include <optional>

#include "base/block_io.h"

namespace troupe {

/// transfer_blocks() on a ring of its own; empty if the system gives none.
std::optional<int> transfer_on_ring(const Transfer& transfer, const Progress& progress);

}  // namespace troupe
