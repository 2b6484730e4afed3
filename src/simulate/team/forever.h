#pragma once

#include "base/executor.h"

namespace troupe {

/// The deadline of waits on a virtual clock that end by themselves: only a bug lasts so long.
inline constexpr Nanos kForever = 100'000'000 * kSecond;

}  // namespace troupe
