#pragma once

#include <cstdint>

#include "base/executor.h"

namespace troupe {

/// A bar on standard error, if that is a terminal, for work that takes longer than a second. It
/// goes when the object does.
class Bar {
 public:
  explicit Bar(Executor& executor);
  ~Bar();
  Bar(const Bar&) = delete;
  Bar& operator=(const Bar&) = delete;
  /// Bytes; `total` is above 0.
  void draw(std::uint64_t done, std::uint64_t total);

 private:
  Executor& executor_;
  bool shown_;
  bool drawn_ = false;
  Nanos at_;
};

}  // namespace troupe
