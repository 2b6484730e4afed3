#include <algorithm>
#include <utility>
#include <vector>

#include "common/stopwatch.h"
#include "engine/engine_under_test.h"
#include "model/decoder.h"
#include "model/kernels/aligned.h"
#include "model/kernels/kernels.h"
#include "model/kernels/panels.h"
#include "model/train_products.h"

namespace troupe::bench {

void fill(std::span<float> x, float scale) {
  std::uint32_t state = 1;
  for (float& v : x) {
    state = state * 1664525U + 1013904223U;
    v = scale * (static_cast<float>(state >> 8U) / 8388608.0F - 1.0F);
  }
}

std::string engine_kernels(Dtype dtype) { return kernel_isa(dtype); }

double register_peak(Dtype dtype) {
  const Kernels& table = kernels(dtype);
  constexpr long kSteps = 100'000;
  volatile float sink = 0.0F;
  const Rounds rounds = measure_rounds(
      0.03, [&] { sink = table.peak(kSteps, 0.5F); }, [] {});
  return static_cast<double>(kSteps) * table.peak_vectors * kLanes * 2 * elements_per_word(dtype) /
         rounds.best;
}

struct GemmRun::State {
  const Kernels& table;
  Kind kind;
  int m, n, r;
  AlignedFloats a, b, c;  // room for floats, also where words are kept
  AlignedFloats rows, pairs, workspace;
  PanelMatrix packed;
};

GemmRun::GemmRun(Dtype dtype, Kind kind, int m, int n, int r)
    : state_(new State{kernels(dtype), kind, m, n, r, {}, {}, {}, {}, {}, {}, {}}) {
  State& s = *state_;
  const auto area = [](int rows, int columns) {
    return static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns);
  };
  s.a.resize(area(m, r));
  s.b.resize(area(n, r));
  s.c.resize(area(m, n));
  fill(s.a, 1.0F);
  fill(s.b, 1.0F);
  const std::size_t longest = static_cast<std::size_t>(std::max({m, n, r}));
  s.rows.resize(TrainProducts::row_floats(dtype, longest, static_cast<int>(longest)));
  s.pairs.resize(TrainProducts::pair_floats(dtype, longest, static_cast<int>(longest)));
  s.workspace.resize(gemm_workspace(static_cast<int>(longest)));
  if (kind == Kind::kForward) {
    std::vector<const float*> outputs;
    outputs.reserve(static_cast<std::size_t>(n));
    for (int j = 0; j < n; ++j) outputs.push_back(s.b.data() + area(j, r));
    s.packed = PanelMatrix(s.table, outputs, r);
  }
  if (kind != Kind::kInput) {  // the activations come in words
    const bool forward = kind == Kind::kForward;
    AlignedFloats& x = forward ? s.a : s.b;
    const int columns = forward ? r : n;
    AlignedFloats words_of_x(x.size());
    for (int i = 0; i < (forward ? m : r); ++i) {
      s.table.pack(x.data() + area(i, columns), columns,
                   words_of_x.data() + area(i, words(dtype, columns)));
    }
    x = std::move(words_of_x);
  }
}
GemmRun::~GemmRun() = default;

void GemmRun::run() {
  State& s = *state_;
  const TrainProducts backward{s.table, s.rows.data(), s.pairs.data(), s.workspace.data()};
  switch (s.kind) {
    case Kind::kForward: {
      Gemm g;
      g.m = s.m;
      g.n = s.n;
      g.r = words(s.table.dtype, s.r);
      g.a = s.a.data();
      g.a_row = g.r;
      g.b = s.packed.data.data();
      g.c = s.c.data();
      g.c_row = s.n;
      s.table.gemm(g);
      return;
    }
    case Kind::kInput:
      backward.input_gradient(s.a.data(), s.m, s.r, s.r, s.b.data(), s.n, false, s.c.data());
      return;
    case Kind::kWeight:
      backward.weight_gradient(s.a.data(), s.r, s.m, s.m, s.b.data(), s.n, s.c.data());
      return;
  }
}

}  // namespace troupe::bench
