#include <fmt/format.h>

#include <algorithm>

#include "engine/engine_under_test.h"
#include "engine/parts.h"
#include "engine/reference.h"

namespace troupe::bench {
namespace {

using Kind = GemmRun::Kind;

struct Product {
  Kind kind;
  int m, n, r;
};

// Products of the shapes: gate and up of 1M, 10M and 100M, their down projections, and 10M's head;
// the backward products of 10M.
constexpr Product kProducts[] = {
    {Kind::kForward, 1, 2048, 256},  {Kind::kForward, 1, 4096, 768},
    {Kind::kForward, 16, 768, 128},  {Kind::kForward, 16, 2048, 256},
    {Kind::kForward, 16, 4096, 768}, {Kind::kForward, 64, 128, 384},
    {Kind::kForward, 64, 256, 1024}, {Kind::kForward, 64, 4096, 256},
    {Kind::kForward, 64, 768, 2048}, {Kind::kForward, 1024, 2048, 256},
    {Kind::kInput, 1024, 256, 2048}, {Kind::kWeight, 2048, 256, 1024},
};

const char* kind_name(Kind kind) {
  switch (kind) {
    case Kind::kForward:
      return "y";
    case Kind::kInput:
      return "dx";
    default:
      return "dW";
  }
}

void measure_product(Context& context, const Product& p, Dtype dtype) {
  GemmRun run(dtype, p.kind, p.m, p.n, p.r);
  Row row;
  row.part = "gemm";
  row.name = fmt::format("{} {}x{}x{}", kind_name(p.kind), p.m, p.n, p.r);
  row.dtype = dtype;
  row.cost = {product_flops(p.m, p.n, p.r), 0};
  if (p.kind == Kind::kForward) {  // the weights are read once
    row.cost.bytes = static_cast<double>(p.n) * p.r * (dtype == Dtype::kFp32 ? 4 : 2);
  }
  const int calls = calls_lasting(0.01, [&] { run.run(); });
  const auto reference = context.options.bare ? nullptr : make_reference(dtype, 1, p.m, p.n, p.r);
  const int reference_calls =
      reference == nullptr ? 0 : calls_lasting(0.01, [&] { reference->run(); });
  row.reference = reference == nullptr ? 0 : 1e30;
  const double seconds = context.options.seconds;
  measure_row(context, row, calls, [&] {
    for (int i = 0; i < calls; ++i) run.run();
  });
  if (reference != nullptr) {
    const Rounds rounds = measure_rounds(
        seconds / 4,
        [&] {
          for (int i = 0; i < reference_calls; ++i) reference->run();
        },
        [] {});
    row.reference = rounds.best / reference_calls;
  }
  context.report->add(row);
}

}  // namespace

std::vector<Job> gemm_jobs(Context& context) {
  std::vector<Job> jobs;
  if (!context.options.wants("gemm")) return jobs;
  for (const Dtype dtype : context.options.dtypes) {
    for (const Product& product : kProducts) {
      jobs.push_back(
          {fmt::format("gemm {}x{}x{} {}", product.m, product.n, product.r, dtype_name(dtype)),
           [&context, &product, dtype] { measure_product(context, product, dtype); }});
    }
  }
  return jobs;
}

}  // namespace troupe::bench
