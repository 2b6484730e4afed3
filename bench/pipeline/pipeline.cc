// How busy each mode of the pipeline keeps the workers, on the same work, beside the
// work-conserving bound. docs/benchmarks.md explains the output.
#include <fmt/format.h>

#include "base/interrupt.h"
#include "base/memory.h"
#include "pipeline/report.h"

using namespace troupe;
using namespace troupe::bench;

int main(int argc, char** argv) {
  Options options;
  if (const auto code = read_options(argc, argv, options)) return *code;
  watch_interrupts();
  give_large_blocks_back();  // as the program does
  const Report report(options.json);
  const auto rows = run_rounds(options, [&](const std::string& text) { report.progress(text); });
  if (!rows) {
    fmt::print(stderr, "pipeline: {}\n", rows.error().message);
    return 1;
  }
  report.finish(options, *rows);
  return 0;
}
