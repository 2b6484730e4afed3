#pragma once

#include <string>
#include <string_view>

#include "orchestrate/run_observer.h"

namespace troupe {

/// Text that is safe to show: control characters, backslashes and bytes that are not UTF-8 become
/// \n, \t, \\ or \xNN; everything else stays. With `keep_newlines`, a newline stays a newline.
std::string visible(std::string_view text, bool keep_newlines = false);

/// An episode as a person reads it: a head line with task, success and rewards, then each turn with
/// its prompt and answer. `heading` is printed before the task, e.g. "episode 1".
std::string transcript_text(const Transcript& transcript, const std::string& heading);

}  // namespace troupe
