#include <fmt/format.h>

#include "engine/engine_under_test.h"
#include "engine/parts.h"
#include "engine/reference.h"
#include "engine/shapes.h"

namespace troupe::bench {
namespace {

void bandwidths(Context& context, int threads) {
  constexpr std::size_t bytes = 256U << 20U;  // far beyond the last cache
  const std::string detail = fmt::format("{} MiB", bytes >> 20U);
  context.report->add(
      LimitRow{"read", detail, threads, read_bandwidth(bytes, threads) / 1e9, "GB/s"});
  context.report->add(
      LimitRow{"triad", "3 x " + detail, threads, triad_bandwidth(bytes, threads) / 1e9, "GB/s"});
}

void products(Context& context, Dtype dtype, int threads) {
  const char* unit = "GFLOP/s";
  const std::string name = dtype_name(dtype);
  if (!reference_name().empty()) {
    constexpr int kSize = 4096;
    GemmPeak large(kSize);
    context.report->add(LimitRow{"products",
                                 fmt::format("{} {} cubed, {}", name, kSize, reference_name()),
                                 threads, large.measure(dtype, threads) / 1e9, unit});
  }
  if (threads == 1) {
    context.report->add(LimitRow{"registers", name + " " + engine_kernels(dtype), 1,
                                 register_peak(dtype) / 1e9, unit});
  }
}

}  // namespace

std::vector<Job> limit_jobs(Context& context) {
  std::vector<Job> jobs;
  const Options& options = context.options;
  if (!options.wants("limits")) return jobs;
  for (const int threads : options.threads) {
    jobs.push_back({"memory", [&context, threads] { bandwidths(context, threads); }});
  }
  for (const Dtype dtype : options.dtypes) {
    for (const int threads : options.threads) {
      jobs.push_back(
          {"products", [&context, dtype, threads] { products(context, dtype, threads); }});
    }
  }
  return jobs;
}

}  // namespace troupe::bench
