#pragma once

namespace troupe {

/// Ctrl-C (SIGINT) and SIGTERM, for programs that finish what they have in hand. The first signal
/// is remembered; the second ends the process at once with exit code 130.
void watch_interrupts();

/// Makes a write beyond the limit on a file's size (ulimit -f) fail instead of ending the process.
void survive_file_size_limit();

/// True once a signal has come. Any thread.
bool interrupted();

}  // namespace troupe
