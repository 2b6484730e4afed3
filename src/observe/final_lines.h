#pragma once

#include <utility>

#include "observe/run_text.h"
#include "observe/text_sink.h"
#include "orchestrate/run_observer.h"

namespace troupe {

/// Prints the last lines of a run: how it ended, the success, where the report is. The only thing
/// that a quiet run prints besides errors.
class FinalLines : public RunObserver {
 public:
  explicit FinalLines(TextSink sink) : sink_(std::move(sink)) {}
  void on_finish(const FinalReport& report) override {
    for (const std::string& line : finish_lines(report)) sink_(line + "\n");
  }

 private:
  TextSink sink_;
};

}  // namespace troupe
