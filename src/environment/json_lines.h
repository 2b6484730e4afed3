#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "troupe/result.h"

namespace troupe {

class Disk;

/// Reads a JSONL file: one JSON object a line; blank lines are skipped. Calls `visit` with the
/// 1-based line number and the object; its error is passed on with "PATH:LINE: " before it.
/// kInvalid: no such file, no object in it, or a line that is not UTF-8, not JSON or no object.
/// `option` is the key of the run file that named the file.
Status read_json_lines(Disk& disk, const std::string& path, const std::string& option,
                       const std::function<Status(int line, const nlohmann::json& object)>& visit);

}  // namespace troupe
