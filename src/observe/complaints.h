#pragma once

#include <string>
#include <utility>

#include "observe/text_sink.h"
#include "troupe/result.h"

namespace troupe {

/// Where observers report their own errors. An observer must never stop or change a run, so the
/// first error is noted in one line and the rest are swallowed. Shared by all observers of a run.
/// Not thread-safe.
class Complaints {
 public:
  explicit Complaints(TextSink sink) : sink_(std::move(sink)) {}

  /// Notes the error, if it is one. Returns whether `status` is good.
  bool check(const Status& status) {
    if (status) return true;
    note(status.error().message);
    return false;
  }
  void note(const std::string& message) {
    if (noted_) return;
    noted_ = true;
    if (sink_) {
      sink_("note: " + message +
            "; the run goes on, but its metrics, transcripts or report may be incomplete\n");
    }
  }

 private:
  TextSink sink_;
  bool noted_ = false;
};

}  // namespace troupe
