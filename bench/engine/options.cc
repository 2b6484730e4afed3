#include "engine/options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "engine/shapes.h"

namespace troupe::bench {

bool Options::wants(const std::string& part) const {
  return std::find(parts.begin(), parts.end(), part) != parts.end();
}

std::optional<int> read_options(int argc, char** argv, Options& options) {
  for (const Shape& shape : shapes()) options.shapes.push_back(shape.name);
  const std::vector<std::string> all_shapes = options.shapes;
  std::vector<std::string> dtypes = {"fp32", "bf16"};

  CLI::App app(
      "Measures the model engine beside the processor's limits: matrix products, decode and "
      "training. docs/benchmarks.md says what each column means.",
      "engine");
  app.add_flag("--json", options.json, "print JSON only");
  app.add_option("--only", options.parts, "some parts: limits, gemm, packing, decode, training")
      ->delimiter(',')
      ->check(CLI::IsMember(options.parts));
  auto* shape = app.add_option("--shape", options.shapes, "some models: 1M, 10M, 100M")
                    ->delimiter(',')
                    ->check(CLI::IsMember(all_shapes));
  app.add_option("--dtype", dtypes, "fp32, bf16 or both")
      ->delimiter(',')
      ->check(CLI::IsMember(dtypes));
  app.add_option("--threads", options.threads, "numbers of threads, e.g. 1,2")
      ->delimiter(',')
      ->check(CLI::Range(1, 256));
  auto* batch =
      app.add_option("--batch", options.batches, "decode: sequences at once, e.g. 1,16,64")
          ->delimiter(',')
          ->check(CLI::Range(1, 1024));
  auto* tokens = app.add_option("--tokens", options.new_tokens,
                                "decode: new tokens after a prompt of 16 (240; 48 at 100M)")
                     ->check(CLI::Range(1, 4000));
  auto* sequences = app.add_option("--sequences", options.sequences,
                                   "training: sequences of 128 tokens in a pass (32; 4 at 100M)")
                        ->check(CLI::Range(1, 1024));
  app.add_option("--seconds", options.seconds, "least seconds of work for each figure (0.5)")
      ->check(CLI::Range(0.0, 600.0));
  app.add_flag("--bare", options.bare, "do not measure limits beside the work: for profilers");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? 0 : 2;
  }

  options.dtypes.clear();
  for (const std::string& name : dtypes) {
    options.dtypes.push_back(name == "fp32" ? Dtype::kFp32 : Dtype::kBf16);
  }
  const auto idle = [](const CLI::Option* option, bool used, const char* where) {
    if (option->count() == 0 || used) return false;
    fmt::print(stderr, "{} does nothing without {} among the parts of --only\n", option->get_name(),
               where);
    return true;
  };
  const bool decode = options.wants("decode");
  const bool training = options.wants("training");
  if (idle(shape, options.wants("packing") || decode || training, "packing, decode or training") ||
      idle(batch, decode, "decode") || idle(tokens, decode, "decode") ||
      idle(sequences, training, "training")) {
    return 2;
  }
  if (options.bare && options.wants("limits")) {
    fmt::print(stderr,
               "--bare leaves the limits out: name parts with --only, limits not among them\n");
    return 2;
  }
  return std::nullopt;
}

}  // namespace troupe::bench
