#pragma once

#include <functional>
#include <string_view>

namespace troupe {

/// Where text goes: standard output, standard error, or a test's string. Text is handed over as it
/// is (no newline is added) and must be flushed by the sink.
using TextSink = std::function<void(std::string_view)>;

}  // namespace troupe
