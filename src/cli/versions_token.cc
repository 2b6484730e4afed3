#include <algorithm>

#include "cli/versions_transfer.h"

namespace troupe {

Result<std::string> read_token(Disk& disk, const std::string& path) {
  TROUPE_ASSIGN(const std::string text, disk.read(path));
  const std::string line = text.substr(0, text.find_first_of("\r\n"));
  const bool printable =
      std::all_of(line.begin(), line.end(), [](char c) { return c > ' ' && c <= '~'; });
  if (line.size() >= 8 && printable) return line;
  return fail(ErrorCode::kInvalid,
              path +
                  ": its first line is no token of 8 or more letters and digits; make one that "
                  "nobody can guess, e.g. with a password generator");
}

}  // namespace troupe
