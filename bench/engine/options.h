#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/dtype.h"

namespace troupe::bench {

/// What the command line asks for.
struct Options {
  bool json = false;
  bool bare = false;  ///< no limits beside the work: for profilers
  double seconds = 0.5;
  int new_tokens = 0;  ///< 0: each shape's own
  int sequences = 0;   ///< 0: each shape's own
  std::vector<std::string> parts = {"limits", "gemm", "packing", "decode", "training"};
  std::vector<std::string> shapes;
  std::vector<Dtype> dtypes = {Dtype::kFp32, Dtype::kBf16};
  std::vector<int> threads = {1, 2};
  std::vector<int> batches = {1, 16, 64};

  [[nodiscard]] bool wants(const std::string& part) const;
};

/// Fills `options`. An exit code if the program has to end: 0 after --help, 2 after a flag that is
/// unknown, wrong, or would do nothing; the message has been printed.
std::optional<int> read_options(int argc, char** argv, Options& options);

}  // namespace troupe::bench
