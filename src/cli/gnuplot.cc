#include "cli/gnuplot.h"

#include "base/process.h"

namespace troupe {
namespace {

constexpr double kTimeout = 30;  // seconds for the script to be read, and for each line of output

}  // namespace

Result<std::string> run_gnuplot(const std::string& script) {
  auto child = ChildProcess::start({"gnuplot", "-"});
  if (!child) {
    const bool absent = child.error().code == ErrorCode::kInvalid;
    return fail(absent ? ErrorCode::kNotFound : child.error().code, child.error().message);
  }
  TROUPE_TRY((*child)->write_line(script, kTimeout));
  TROUPE_TRY((*child)->write_line("exit", kTimeout));
  std::string out;
  while (out.find("</svg>") == std::string::npos) {
    auto line = (*child)->read_line(kTimeout);
    if (!line) {
      return fail(line.error().code, "gnuplot: " + line.error().message + (*child)->stderr_tail());
    }
    out += *line + "\n";
  }
  return out;
}

}  // namespace troupe
