#pragma once

#include <cstdint>
#include <string>

#include "experience/inspect/inspect.h"

namespace CLI {
class App;
}

namespace troupe {

// The commands of `troupe store`, one file each, and what they have in common.
void add_store_stat(CLI::App& store, int& exit_code);
void add_store_verify(CLI::App& store, int& exit_code);
void add_store_repair(CLI::App& store, int& exit_code);
void add_store_dump(CLI::App& store, int& exit_code);
void add_store_tail(CLI::App& store, int& exit_code);

/// Adds the argument RUN to a command.
void add_run_argument(CLI::App& command, std::string& run);

/// "1 group", "2 groups".
std::string counted(std::int64_t count, const std::string& noun);
/// "950 bytes", "1.2 MB".
std::string bytes_text(std::uint64_t bytes);
/// The name of a file without its folder.
std::string file_name(const std::string& path);

/// What an end that is not whole means to the reader.
std::string torn_end_text(const std::string& path, std::uint64_t offset, std::uint64_t bytes);

}  // namespace troupe
