// How fast the model engine is beside what the processor can do. docs/benchmarks.md explains the
// output; shapes.h has the models and the FLOP formulas.
#include <fmt/format.h>

#include <iterator>

#include "engine/engine_under_test.h"
#include "engine/parts.h"

using namespace troupe;
using namespace troupe::bench;

int main(int argc, char** argv) {
  Options options;
  if (const auto code = read_options(argc, argv, options)) return *code;

  Context context{options, GemmPeak(768), nullptr};
  std::vector<Job> jobs = limit_jobs(context);
  for (auto* more : {&gemm_jobs, &model_jobs}) {
    std::vector<Job> part = (*more)(context);
    std::move(part.begin(), part.end(), std::back_inserter(jobs));
  }

  Report report(options.json, static_cast<int>(jobs.size()));
  context.report = &report;
  for (const Dtype dtype : options.dtypes) {
    report.heading(fmt::format("kernels {}: {}", dtype_name(dtype), engine_kernels(dtype)));
  }
  if (!options.bare) report.heading("peak of products: " + GemmPeak::source());
  for (const Job& job : jobs) {
    report.progress(job.name);
    job.run();
  }
  report.finish();
  return 0;
}
