#include <fmt/format.h>

#include <oneapi/dnnl/dnnl.hpp>

#include "engine/reference.h"

// GCC's OpenMP, on which oneDNN runs here; declared because clang lacks GCC's <omp.h>.
extern "C" void omp_set_num_threads(int threads);

namespace troupe::bench {
namespace {

using dnnl::memory;

class OneDnnProduct : public ReferenceProduct {
 public:
  OneDnnProduct(Dtype dtype, int threads, int m, int n, int r) : threads_(threads) {
    omp_set_num_threads(threads);
    const auto type = dtype == Dtype::kFp32 ? memory::data_type::f32 : memory::data_type::bf16;
    const memory::desc x({m, r}, type, memory::format_tag::ab);
    const memory::desc w({r, n}, type, memory::format_tag::any);
    const memory::desc y({m, n}, memory::data_type::f32, memory::format_tag::ab);
    const dnnl::matmul::primitive_desc product(dnnl::matmul::desc(x, w, y), engine_);
    product_ = dnnl::matmul(product);
    x_ = filled(x);
    // [n, r] by rows is [r, n] by columns, as Hugging Face keeps weights.
    memory rows = filled(memory::desc({r, n}, type, memory::format_tag::ba));
    w_ = memory(product.weights_desc(), engine_);
    dnnl::reorder(rows, w_).execute(stream_, rows, w_);
    stream_.wait();
    y_ = memory(y, engine_);
  }

  void run() override {
    omp_set_num_threads(threads_);
    product_.execute(stream_, {{DNNL_ARG_SRC, x_}, {DNNL_ARG_WEIGHTS, w_}, {DNNL_ARG_DST, y_}});
    stream_.wait();
  }

 private:
  // Normal numbers of either dtype that differ: 0x3f8n3f8n is two bf16, or one float, near 1.
  memory filled(const memory::desc& desc) {
    memory all(desc, engine_);
    auto* words = static_cast<std::uint32_t*>(all.get_data_handle());
    for (std::size_t i = 0; i < desc.get_size() / 4; ++i) {
      const auto low = static_cast<std::uint32_t>(i * 2654435761U) >> 28;
      words[i] = 0x3f803f80U + low + (low << 16U);
    }
    return all;
  }

  int threads_;
  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream_{engine_};
  dnnl::matmul product_;
  memory x_, w_, y_;
};

}  // namespace

std::unique_ptr<ReferenceProduct> make_reference(Dtype dtype, int threads, int m, int n, int r) {
  try {
    return std::make_unique<OneDnnProduct>(dtype, threads, m, n, r);
  } catch (const dnnl::error&) {  // bf16 on a processor that oneDNN has none for
    return nullptr;
  }
}

std::string reference_name() {
  const dnnl_version_t* v = dnnl_version();
  return fmt::format("oneDNN {}.{}.{}", v->major, v->minor, v->patch);
}

}  // namespace troupe::bench
