#pragma once

#include <string>

#include "base/disk.h"

namespace CLI {
class App;
}

namespace troupe {

// The commands of `troupe versions` that move payloads between processes, and what they have in
// common.
void add_versions_serve(CLI::App& versions, int& exit_code);
void add_versions_pull(CLI::App& versions, int& exit_code);

/// The secret in a file: its first line. kInvalid if there is none that can stand in a header.
Result<std::string> read_token(Disk& disk, const std::string& path);

}  // namespace troupe
