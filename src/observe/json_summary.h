#pragma once

#include <string>
#include <utility>

#include "observe/complaints.h"
#include "observe/run_history.h"
#include "observe/text_sink.h"
#include "orchestrate/run_observer.h"

namespace troupe {

/// Writes one JSON object to the sink when the run ends (`--json`; docs/formats/metrics.md).
/// Reads the steps from `history`, which must be told of each event before. Not thread-safe.
class JsonSummary : public RunObserver {
 public:
  JsonSummary(const RunHistory& history, TextSink sink, Complaints& complaints)
      : history_(history), sink_(std::move(sink)), complaints_(complaints) {}
  void on_finish(const FinalReport& report) override;

 private:
  const RunHistory& history_;
  TextSink sink_;
  Complaints& complaints_;
};

/// The object as text, without a newline. Throws nlohmann's exceptions only on a bug.
std::string json_summary(const RunHistory& history, const FinalReport& report);

}  // namespace troupe
