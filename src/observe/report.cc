#include "observe/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "observe/curve.h"
#include "observe/markdown.h"
#include "observe/report_pipeline.h"
#include "observe/report_sections.h"
#include "observe/waterfall.h"

namespace troupe {
namespace {

constexpr std::size_t kSamples = 6;
constexpr std::size_t kCurveRows = 20;

/// About twenty rows of the curve: step, then reward and success of each policy.
std::string curve_table(const std::vector<StepReport>& all) {
  std::vector<const StepReport*> steps;
  for (const StepReport& report : all) {
    if (report.phase != "warm_start" && !report.policies.empty()) steps.push_back(&report);
  }
  if (steps.empty()) return "";
  std::vector<std::string> head = {"step"};
  for (const PolicyStep& policy : steps.back()->policies) {
    head.push_back(markdown_text(policy.policy) + " reward");
    head.push_back(markdown_text(policy.policy) + " success");
  }
  const std::size_t stride = std::max<std::size_t>((steps.size() + kCurveRows - 1) / kCurveRows, 1);
  std::vector<std::vector<std::string>> rows;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (i % stride != 0 && i + 1 != steps.size()) continue;
    std::vector<std::string> row = {std::to_string(steps[i]->step)};
    for (const PolicyStep& policy : steps[i]->policies) {
      row.push_back(fmt::format("{:.3f}", policy.reward));
      row.push_back(fmt::format("{:.1f}%", 100 * policy.success));
    }
    rows.push_back(std::move(row));
  }
  return markdown_table(head, rows, 0) + "\n";
}

}  // namespace

void ReportWriter::on_transcript(const Transcript& transcript) {
  Sample& sample = transcript.phase == "eval" ? eval_ : rl_;
  if (transcript.step < sample.step) return;
  if (transcript.step > sample.step) {
    sample.step = transcript.step;
    sample.picker = std::make_unique<TranscriptPicker>(kSamples);
  }
  sample.picker->add(transcript);
}

std::string ReportWriter::chart(const std::string& script, const std::string& file,
                                const std::string& caption, const std::string& instead) {
  const Result<std::string> svg =
      gnuplot_ ? gnuplot_(script) : fail(ErrorCode::kNotFound, "gnuplot is not available");
  if (svg && complaints_.check(write_atomic(disk_, history_.info().folder + "/" + file, *svg))) {
    return fmt::format("![{}]({})\n\n", caption, file);
  }
  if (!svg && svg.error().code == ErrorCode::kNotFound) {
    return "There is no chart because gnuplot is not installed (`apt-get install gnuplot-nox`). " +
           instead;
  }
  return "The chart could not be made" +
         (svg ? std::string() : " (" + markdown_text(svg.error().message) + ")") + ". " + instead;
}

std::string ReportWriter::curve_section() {
  const std::string title = "Learning curve: " + history_.info().name;
  const std::string script = curve_script(title, history_.steps(), history_.evals());
  const std::string out = "## Learning curve\n\n";
  if (script.empty()) return out + "There was no step and no evaluation.\n\n";
  return out + chart(script, "reward.svg", "reward and success by step",
                     "The curve in numbers:\n\n" + curve_table(history_.steps()));
}

std::string ReportWriter::pipeline_section() {
  const std::vector<StepReport>& steps = history_.steps();
  const std::string script = waterfall_script("Stages of the last steps: " + history_.info().name,
                                              steps, history_.info().start_step);
  std::string out;
  if (!script.empty()) {
    out += chart(script, "waterfall.svg", "when the stages of the last steps ran",
                 "The last steps as text; g is generate, r reward, b backward, o the optimizer "
                 "step, p publish:\n\n" +
                     markdown_block(waterfall_text(steps, history_.info().start_step)) + "\n");
  }
  const std::string stages = stages_table(steps);
  if (!stages.empty()) {
    out +=
        "When a stage begins, seconds after its step does (before it: generated ahead), and how "
        "long it lasts from its first beginning to its last end; means over the RL steps.\n\n" +
        stages;
  }
  const std::string staleness = staleness_table(steps);
  if (!staleness.empty()) {
    out += "How many versions behind the trainer the tokens were sampled:\n\n" + staleness;
  }
  const std::string tokens = tokens_table(steps);
  if (!tokens.empty()) out += "What became of the tokens that were sampled:\n\n" + tokens;
  const std::string instances = instances_table(steps);
  if (!instances.empty()) out += "What the pool of rollout instances did:\n\n" + instances;
  const std::string swaps = swaps_table(steps);
  if (!swaps.empty()) out += "What it cost that policies share slots of training:\n\n" + swaps;
  const std::string published = published_table(steps);
  if (!published.empty())
    out += "What publishing a version took, means over the RL steps:\n\n" + published;
  return out.empty() ? out : "## How rollout and training ran together\n\n" + out;
}

void ReportWriter::on_finish(const FinalReport& report) {
  const RunInfo& info = history_.info();
  complaints_.check(disk_.make_folders(info.folder));
  const std::string text = headline_section(info, report) + curve_section() +
                           setup_section(info, report) + evals_section(history_.evals()) +
                           exact_section(history_.steps()) + metrics_section(history_.steps()) +
                           pipeline_section() + time_section(report) +
                           transcripts_section(rl_.picker.get(), eval_.picker.get()) +
                           checkpoints_section(info, report) + files_section();
  complaints_.check(write_atomic(disk_, info.folder + "/report.md", text));
}

}  // namespace troupe
