// How fast the decoder engine is, on one thread, beside the peak of the same kernels' arithmetic
// measured in the same run: matrix products, decode and training. Seconds are CPU seconds.
//
// FLOP formulas. A product [m, r] x [r, n]: 2 m n r. Forward of one token with context t: twice the
// elements of all matrices that it passes (the head included, the embedding's look-up not) plus
// 4 t heads head_dim per layer for scores and weighted values. Training: three times the forward;
// what the backward pass computes again is not counted.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/rng.h"
#include "model/decoder.h"
#include "model/kernels/aligned.h"
#include "model/kernels/kernels.h"
#include "model/kernels/panels.h"

namespace {

using namespace troupe;

// CPU time of this thread: a busy machine makes it wait, not slower.
double seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// Best of a few rounds that each last at least `least` seconds: seconds for one call. The clock is
// read once in a batch of calls, because reading it costs as much as a small product.
template <class Work>
double best_time(Work work, double least = 0.15) {
  work();
  int batch = 1;
  const auto round = [&] {
    const double start = seconds();
    for (int i = 0; i < batch; ++i) work();
    return seconds() - start;
  };
  double spent = round();
  while (spent < least) {
    batch *= 2;
    spent = round();
  }
  double best = spent / batch;
  for (int i = 0; i < 2; ++i) best = std::min(best, round() / batch);
  return best;
}

double measure_peak(const Kernels& table) {
  constexpr long kSteps = 2'000'000;
  volatile float sink = 0.0F;
  const double time = best_time([&] { sink = table.peak(kSteps, 0.5F); }, 0.05);
  return static_cast<double>(kSteps) * table.peak_vectors * kLanes * 2 / time;
}

struct Report {
  bool json;
  const Kernels& table;
  std::vector<std::string> rows;

  // `flops` and `tokens` in one second; the peak is measured again beside each figure.
  void add(const std::string& name, double flops, double tokens) {
    const double peak = measure_peak(table);
    rows.push_back(fmt::format(
        R"({{"name":"{}","gflops":{:.2f},"tokens_per_second":{:.0f},"peak_gflops":{:.2f},"share_of_peak":{:.3f}}})",
        name, flops / 1e9, tokens, peak / 1e9, flops / peak));
    if (json) return;
    fmt::print("{:<34} {:>8.1f} GFLOP/s  {:>5.1f}% of {:>6.1f}", name, flops / 1e9,
               100.0 * flops / peak, peak / 1e9);
    if (tokens > 0) fmt::print("  {:>10.0f} tokens/s", tokens);
    fmt::print("\n");
    std::fflush(stdout);
  }
};

void bench_gemm(Report& report, int m, int n, int r, const char* kind) {
  Rng rng(1);
  const auto fill = [&rng](AlignedFloats& x) {
    for (float& v : x) v = static_cast<float>(rng.normal());
  };
  AlignedFloats a(static_cast<std::size_t>(m) * static_cast<std::size_t>(r));
  AlignedFloats b(static_cast<std::size_t>(n) * static_cast<std::size_t>(r));
  AlignedFloats c(static_cast<std::size_t>(m) * static_cast<std::size_t>(n));
  AlignedFloats workspace(gemm_workspace(r));
  fill(a);
  fill(b);
  std::vector<const float*> rows;
  for (int j = 0; j < n; ++j) rows.push_back(b.data() + static_cast<std::ptrdiff_t>(j) * r);
  const PanelMatrix packed(report.table, rows, r);
  Gemm g;
  g.m = m;
  g.n = n;
  g.r = r;
  g.a = a.data();
  g.a_row = r;
  g.b = packed.data.data();
  g.c = c.data();
  g.c_row = n;
  g.workspace = workspace.data();
  const std::string_view which = kind;
  if (which != "forward") {
    g.b = b.data();
    g.b_row = n;
  }
  if (which == "dW") {
    g.a_row = 1;
    g.a_col = m;
    g.add = true;
  }
  const double time = best_time([&] { report.table.gemm(g); }, 0.05);
  report.add(fmt::format("gemm {} {}x{}x{}", kind, m, n, r), 2.0 * m * n * r / time, 0.0);
}

struct Shape {
  const char* name;
  ModelConfig config;
};

Shape make_shape(const char* name, int vocab, int width, int layers, int kv_heads, int ffn) {
  ModelConfig c;
  c.vocab = vocab;
  c.width = width;
  c.layers = layers;
  c.heads = 4;
  c.kv_heads = kv_heads;
  c.head_dim = width / 4;
  c.ffn = ffn;
  c.max_positions = 256;
  return {name, c};
}

double layer_flops(const ModelConfig& c, double context) {
  const double q = c.heads * c.head_dim;
  const double kv = c.kv_heads * c.head_dim;
  return c.layers * (2.0 * c.width * (2 * q + 2 * kv + 3.0 * c.ffn) + 4.0 * context * q);
}

double head_flops(const ModelConfig& c) { return 2.0 * c.width * c.vocab; }

void bench_decode(Report& report, const Shape& shape, const Decoder& decoder, int batch) {
  constexpr int kPrompt = 16;
  constexpr int kNew = 48;
  const ModelConfig& c = shape.config;
  std::vector<KvCache> caches;
  for (int i = 0; i < batch; ++i) caches.emplace_back(c, kPrompt + kNew, decoder.dtype());
  std::vector<TokenId> prompt(kPrompt, 1);
  std::vector<TokenId> next(static_cast<std::size_t>(batch), 2);
  std::vector<float> logits(static_cast<std::size_t>(batch) * static_cast<std::size_t>(c.vocab));
  Decoder::Scratch scratch;
  std::vector<Decoder::Chunk> chunks;
  for (KvCache& cache : caches) chunks.push_back({&cache, prompt});
  decoder.extend(chunks, scratch, logits);
  for (std::size_t i = 0; i < caches.size(); ++i) chunks[i] = {&caches[i], {&next[i], 1}};
  const double time = best_time([&] {
    for (KvCache& cache : caches) cache.truncate(kPrompt);
    for (int t = 0; t < kNew; ++t) decoder.extend(chunks, scratch, logits);
  });
  const double tokens = batch * kNew / time;
  const double flops = layer_flops(c, kPrompt + (kNew + 1) / 2.0) + head_flops(c);
  report.add(fmt::format("decode {} batch {}", shape.name, batch), tokens * flops, tokens);
}

void bench_training(Report& report, const Shape& shape, const Decoder& decoder) {
  constexpr int kSequences = 16;
  constexpr int kLength = 64;
  const ModelConfig& c = shape.config;
  std::vector<TokenId> tokens(kLength, 1);
  std::vector<int> scored;
  for (int i = kLength / 4; i < kLength - 1; ++i) scored.push_back(i);
  const std::vector<TrainPass::Sequence> sequences(kSequences, {tokens, scored});
  TrainPass pass;
  std::vector<float> gradient(decoder.weights().layout.size());
  const double rows = kSequences * kLength;
  const double flops = rows * layer_flops(c, (kLength + 1) / 2.0) +
                       static_cast<double>(kSequences * scored.size()) * head_flops(c);
  const auto keep = [](std::size_t /*index*/, std::span<float> /*logits*/) {};
  const double forward = best_time([&] { pass.run(decoder, sequences, keep); });
  report.add(fmt::format("training forward {}", shape.name), flops / forward, rows / forward);
  const auto loss = [](std::size_t /*index*/, std::span<float> logits) {
    std::fill(logits.begin(), logits.end(), 1e-3F);
  };
  const double both = best_time([&] { pass.run(decoder, sequences, loss, gradient); });
  report.add(fmt::format("training {}", shape.name), 3.0 * flops / both, rows / both);
}

}  // namespace

int main(int argc, char** argv) {
  const bool json = argc > 1 && std::string_view(argv[1]) == "--json";
  if (argc > 2 || (argc == 2 && !json)) {
    fmt::print(stderr, "usage: engine [--json]\n");
    return 2;
  }
  Report report{json, kernels(), {}};
  if (!json) fmt::print("kernels {}, one thread\n", report.table.name);
  for (const int m : {1, 16, 64, 512}) {
    bench_gemm(report, m, 64, 64, "forward");
    bench_gemm(report, m, 384, 128, "forward");
    bench_gemm(report, m, 2048, 768, "forward");
  }
  bench_gemm(report, 1024, 64, 192, "dX");
  bench_gemm(report, 1024, 768, 2048, "dX");
  bench_gemm(report, 64, 64, 1024, "dW");
  bench_gemm(report, 192, 64, 1024, "dW");
  bench_gemm(report, 64, 192, 1024, "dW");
  bench_gemm(report, 1024, 256, 1024, "dW");
  bench_gemm(report, 768, 768, 2000, "dW");

  for (const Shape& shape :
       {make_shape("0.1M", 32, 64, 2, 4, 192), make_shape("0.6M", 32, 128, 3, 4, 384),
        make_shape("10M", 4096, 256, 8, 2, 1024)}) {
    auto weights = std::make_shared<Weights>(shape.config);
    Rng rng(3);
    for (float& x : weights->values) x = static_cast<float>(0.02 * rng.normal());
    for (const Dtype dtype : {Dtype::kFp32, Dtype::kBf16}) {
      const Decoder decoder(weights, dtype);
      Shape named = shape;
      const std::string name = std::string(shape.name) + " " + dtype_name(dtype);
      named.name = name.c_str();
      for (const int batch : {1, 16, 64}) bench_decode(report, named, decoder, batch);
      bench_training(report, named, decoder);
    }
  }
  if (json) {
    fmt::print("{{\"kernels\":\"{}\",\"rows\":[\n", report.table.name);
    for (std::size_t i = 0; i < report.rows.size(); ++i) {
      fmt::print("{}{}\n", report.rows[i], i + 1 < report.rows.size() ? "," : "");
    }
    fmt::print("]}}\n");
  }
  return 0;
}
