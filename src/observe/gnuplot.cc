#include "observe/gnuplot.h"

#include <cstddef>
#include <memory>
#include <string_view>

#include "base/process.h"

namespace troupe {
namespace {

constexpr double kTimeoutSeconds = 20;

}  // namespace

Result<std::string> run_gnuplot(const std::string& script) {
  auto started = ChildProcess::start({"gnuplot", "-d", "-"});
  if (!started) {
    const bool absent = started.error().code == ErrorCode::kInvalid;
    return fail(absent ? ErrorCode::kNotFound : started.error().code, started.error().message);
  }
  ChildProcess& gnuplot = **started;
  const auto refused = [&](const Error& error) {
    const std::string words = gnuplot.stderr_tail();
    return fail(ErrorCode::kIo, "gnuplot: " + (words.empty() ? error.message : words));
  };
  std::size_t at = 0;
  const std::string text = script + "exit\n";
  while (at < text.size()) {
    const std::size_t end = text.find('\n', at);
    const Status sent =
        gnuplot.write_line(std::string_view(text).substr(at, end - at), kTimeoutSeconds);
    if (!sent) return refused(sent.error());
    at = end + 1;
  }
  std::string svg;
  while (svg.find("</svg>", svg.size() < 16 ? 0 : svg.size() - 16) == std::string::npos) {
    const Result<std::string> line = gnuplot.read_line(kTimeoutSeconds);
    if (!line) return refused(line.error());
    svg += *line + "\n";
  }
  return svg;
}

}  // namespace troupe
