#pragma once

#include <string>
#include <vector>

#include "common/other_load.h"
#include "common/stopwatch.h"
#include "engine/shapes.h"
#include "model/dtype.h"

namespace troupe::bench {

/// One measured limit of the machine.
struct LimitRow {
  std::string name;  ///< "read", "triad", "gemm", "registers"
  std::string detail;
  int threads = 1;
  double value = 0;  ///< GB/s or GFLOP/s
  const char* unit = "GB/s";
};

/// One figure of the engine.
struct Row {
  std::string part;  ///< "gemm", "packing", "decode", "training"
  std::string name;  ///< what was measured, e.g. the shape
  Dtype dtype = Dtype::kFp32;
  int threads = 1;
  int batch = 0;       ///< decode: sequences at once
  int new_tokens = 0;  ///< decode
  int sequences = 0;   ///< training
  double tokens = 0;   ///< of one unit of work; 0: not counted in tokens
  Cost cost;           ///< of one unit of work
  double seconds = 0;  ///< for one unit of work, in the best round
  double slowest = 0;  ///< in the slowest
  int rounds = 0;
  double peak = 0;       ///< FLOP/s of products, measured beside it; 0: not measured
  double bandwidth = 0;  ///< bytes/s over cost.bytes, measured beside it; 0: not counted
  double reference = 0;  ///< seconds that the reference library needs for the same; 0: not measured
};

/// Prints rows as they come, or JSON at the end. A progress line on a terminal's stderr.
class Report {
 public:
  Report(bool json, int jobs);
  ~Report();
  /// The next job begins.
  void progress(const std::string& name);
  void heading(const std::string& text);
  void add(const LimitRow& row);
  void add(const Row& row);
  void finish();

 private:
  void clear_progress() const;

  bool json_;
  bool terminal_;
  int jobs_;
  int job_ = 0;
  OtherLoad others_;
  std::vector<LimitRow> limits_;
  std::vector<Row> rows_;
};

}  // namespace troupe::bench
