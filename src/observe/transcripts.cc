#include "observe/transcripts.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "observe/transcript_text.h"

namespace troupe {
namespace {

/// 40 from "step-000040.txt"; -1 if the name is not of that form.
std::int64_t step_of(const std::string& name) {
  const std::size_t dash = name.find('-');
  if (dash == std::string::npos) return -1;
  std::int64_t step = -1;
  const auto [end, code] = std::from_chars(name.data() + dash + 1, name.data() + name.size(), step);
  const bool whole =
      code == std::errc() &&
      std::string_view(end, static_cast<std::size_t>(name.data() + name.size() - end)) == ".txt";
  return whole ? step : -1;
}

}  // namespace

Transcripts::Transcripts(Disk& disk, Complaints& complaints, std::int64_t every,
                         std::int64_t per_step)
    : disk_(disk),
      complaints_(complaints),
      every_(std::max<std::int64_t>(every, 1)),
      per_step_(static_cast<std::size_t>(std::max<std::int64_t>(per_step, 0))) {}

void Transcripts::on_start(const RunInfo& info) {
  if (per_step_ == 0) return;
  folder_ = info.folder + "/transcripts";
  if (!complaints_.check(disk_.make_folders(folder_))) return;
  const auto names = disk_.list(folder_);
  if (!names) return complaints_.note(names.error().message);
  const std::int64_t last = info.resumed ? info.start_step : -1;
  for (const std::string& name : *names) {
    if (step_of(name) > last) complaints_.check(disk_.remove(folder_ + "/" + name));
  }
}

void Transcripts::on_transcript(const Transcript& transcript) {
  const bool eval = transcript.phase == "eval";
  const std::int64_t step = transcript.step;
  if (per_step_ == 0 || (!eval && step != 1 && step % every_ != 0)) return;
  Pickers& pickers = eval ? evals_ : steps_;
  pickers.try_emplace(step, per_step_).first->second.add(transcript);
}

void Transcripts::on_step(const StepReport& report) {
  if (report.phase == "rl") flush(steps_, "step", report.step);
}

void Transcripts::on_eval(const EvalReport& report) { flush(evals_, "eval", report.step); }

void Transcripts::on_finish(const FinalReport&) {
  flush(steps_, "step", std::numeric_limits<std::int64_t>::max());
  flush(evals_, "eval", std::numeric_limits<std::int64_t>::max());
}

void Transcripts::flush(Pickers& pickers, const std::string& kind, std::int64_t last_step) {
  while (!pickers.empty() && pickers.begin()->first <= last_step) {
    const auto& [step, picker] = *pickers.begin();
    const std::vector<Transcript> picked = picker.picked();
    std::string text =
        fmt::format("{} {}: {} of the {} episodes that were reported; {} of them were solved.\n",
                    kind == "eval" ? "Evaluation after step" : "Step", step, picked.size(),
                    picker.seen(), picker.solved());
    for (std::size_t i = 0; i < picked.size(); ++i) {
      text += "\n" + transcript_text(picked[i], fmt::format("episode {}", i + 1));
    }
    complaints_.check(
        disk_.write(fmt::format("{}/{}-{:06}.txt", folder_, kind, step), text, false));
    pickers.erase(pickers.begin());
  }
}

}  // namespace troupe
