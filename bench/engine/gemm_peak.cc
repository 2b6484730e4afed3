#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "common/stopwatch.h"
#include "engine/engine_under_test.h"
#include "engine/limits.h"
#include "engine/reference.h"
#include "engine/shapes.h"

namespace troupe::bench {

struct GemmPeak::Product {
  std::unique_ptr<ReferenceProduct> reference;
};

GemmPeak::GemmPeak(int size) : size_(size) {}
GemmPeak::~GemmPeak() = default;

std::string GemmPeak::source() {
  const std::string name = reference_name();
  return name.empty() ? "multiply-adds on registers (oneDNN, libdnnl-dev, was not there)" : name;
}

double GemmPeak::measure(Dtype dtype, int threads) {
  std::unique_ptr<Product>& product = products_[{dtype, threads}];
  const bool first = product == nullptr;
  if (first) {
    product = std::make_unique<Product>();
    product->reference = make_reference(dtype, threads, size_, size_, size_);
    if (product->reference != nullptr) product->reference->run();  // touches its memory
  }
  if (product->reference == nullptr) return threads * register_peak(dtype);
  const Rounds rounds = measure_rounds(
      0.06, [&] { product->reference->run(); }, [] {});
  // Its threads look for work for some milliseconds more: let them go to sleep.
  if (threads > 1) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  return product_flops(size_, size_, size_) / rounds.best;
}

}  // namespace troupe::bench
