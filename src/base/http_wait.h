#pragma once

#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <string>

#include "troupe/result.h"

namespace troupe {

/// Runs one operation after the other on a context, all of them within one deadline. Used by one
/// thread.
class HttpWait {
 public:
  HttpWait(boost::asio::io_context& context, double seconds)
      : context_(context), seconds_(seconds), end_(after(seconds)) {}

  /// Waits until `done` is set, at most `idle` seconds and never beyond the deadline; `cancel` must
  /// make the operation end early. kDeadline, or kUnavailable if it gave an error.
  template <class Cancel>
  Status wait(const char* what, const bool& done, const boost::system::error_code& error,
              Cancel cancel, double idle = 1e9) {
    const auto end = std::min(end_, after(idle));
    context_.restart();
    while (!done && context_.run_one_until(end) > 0) {
    }
    if (!done) {
      cancel();
      context_.restart();
      while (!done && context_.run_one() > 0) {  // its handler points into our frame
      }
      return fail(ErrorCode::kDeadline,
                  fmt::format("was waited {} s for {}", std::min(seconds_, idle), what));
    }
    if (!error) return {};
    return fail(ErrorCode::kUnavailable, fmt::format("failed to {}: {}", what, error.message()));
  }

 private:
  using Clock = std::chrono::steady_clock;
  static Clock::time_point after(double seconds) {
    return Clock::now() +
           std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  }

  boost::asio::io_context& context_;
  double seconds_;
  Clock::time_point end_;
};

}  // namespace troupe
