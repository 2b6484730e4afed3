#include <memory>
#include <utility>

#include "observe/final_lines.h"
#include "observe/json_summary.h"
#include "observe/live_view.h"
#include "observe/metrics_jsonl.h"
#include "observe/observers.h"
#include "observe/plain_view.h"
#include "observe/report.h"
#include "observe/run_history.h"
#include "observe/tensorboard.h"
#include "observe/transcripts.h"

namespace troupe {
namespace {

TextSink or_nothing(const TextSink& sink) {
  return sink ? sink : [](std::string_view) {};
}

}  // namespace

std::unique_ptr<RunObserver> make_observers(const ObserveOptions& options, Disk& disk) {
  const TextSink out = or_nothing(options.out);
  const TextSink err = or_nothing(options.err);

  std::unique_ptr<LiveView> live;
  if (!options.quiet && options.terminal) live = std::make_unique<LiveView>(err, options.width);
  // A complaint must not end up in the middle of the block that the live view redraws.
  TextSink complain = err;
  if (live) {
    complain = [view = live.get()](std::string_view text) {
      while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
      view->print_above(std::string(text));
    };
  }
  auto all = std::make_unique<Observers>(complain);
  Complaints& complaints = all->complaints();
  all->set_report(options.report);

  // The history reads metrics.jsonl of a resumed run before MetricsJsonl cuts it.
  auto history = std::make_unique<RunHistory>(disk, complaints);
  const RunHistory& seen = *history;
  all->add(std::move(history));
  all->add(std::make_unique<MetricsJsonl>(disk, complaints));
  if (options.tensorboard) {
    all->add(std::make_unique<TensorBoard>(disk, complaints, options.unix_time));
  }
  all->add(std::make_unique<Transcripts>(disk, complaints, options.transcripts_every,
                                         options.transcripts_per_step));
  if (live) {
    all->add(std::move(live));
  } else if (!options.quiet) {
    all->add(std::make_unique<PlainView>(err, options.progress_seconds));
  }
  if (options.report) {
    all->add(std::make_unique<ReportWriter>(seen, disk, complaints, options.gnuplot));
  }
  if (options.json) all->add(std::make_unique<JsonSummary>(seen, out, complaints));
  all->add(std::make_unique<FinalLines>(options.json ? err : out));
  return all;
}

}  // namespace troupe
