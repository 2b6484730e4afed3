#pragma once

#include <string>

#include "base/trace.h"

namespace troupe {

/// The log in Chrome's trace event format (Google, "Trace Event Format"), which ui.perfetto.dev and
/// chrome://tracing open. Times are microseconds of the run's clock, to the nanosecond.
///
/// Process 1, "workers", has a thread per worker, whose jobs are complete events ("X"). Process 2,
/// "run", has the counters ("C"). Each track of spans is a process of its own, with asynchronous
/// events ("b" and "e"): spans of a row that overlap get different ids, so that events of one id
/// never overlap. Text that is not UTF-8 has its bad bytes replaced.
std::string trace_json(const TraceLog& log);

}  // namespace troupe
