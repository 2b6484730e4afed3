#include "observe/observers.h"

#include <exception>
#include <functional>
#include <string>
#include <utility>

namespace troupe {
namespace {

void guarded(Complaints& complaints, const std::function<void()>& call) {
  try {
    call();
  } catch (const std::exception& problem) {
    complaints.note(std::string("an output of the run failed: ") + problem.what());
  }
}

}  // namespace

Observers::Observers(TextSink complaints) : complaints_(std::move(complaints)) {}
Observers::~Observers() = default;

void Observers::add(std::unique_ptr<RunObserver> observer) {
  observers_.push_back(std::move(observer));
}

void Observers::on_start(const RunInfo& info) {
  folder_ = info.folder;
  for (auto& each : observers_) guarded(complaints_, [&] { each->on_start(info); });
}
void Observers::on_step(const StepReport& report) {
  for (auto& each : observers_) guarded(complaints_, [&] { each->on_step(report); });
}
void Observers::on_eval(const EvalReport& report) {
  for (auto& each : observers_) guarded(complaints_, [&] { each->on_eval(report); });
}
void Observers::on_checkpoint(const CheckpointReport& report) {
  for (auto& each : observers_) guarded(complaints_, [&] { each->on_checkpoint(report); });
}
void Observers::on_transcript(const Transcript& transcript) {
  for (auto& each : observers_) guarded(complaints_, [&] { each->on_transcript(transcript); });
}
void Observers::on_note(const std::string& note) {
  for (auto& each : observers_) guarded(complaints_, [&] { each->on_note(note); });
}
void Observers::on_finish(const FinalReport& report) {
  FinalReport known = report;
  if (!report_) known.report_path.clear();
  if (report_ && known.report_path.empty() && !folder_.empty()) {
    known.report_path = folder_ + "/report.md";
  }
  for (auto& each : observers_) guarded(complaints_, [&] { each->on_finish(known); });
}

}  // namespace troupe
