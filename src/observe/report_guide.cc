// The sections of report.md that help a reader to go on: samples, checkpoints, files.
#include <fmt/format.h>

#include "observe/markdown.h"
#include "observe/report_sections.h"
#include "observe/transcript_text.h"

namespace troupe {

std::string transcripts_section(const TranscriptPicker* rl, const TranscriptPicker* eval) {
  const TranscriptPicker* picker = rl != nullptr ? rl : eval;
  if (picker == nullptr || picker->seen() == 0) return "";
  const std::vector<Transcript> picked = picker->picked();
  std::string text;
  for (std::size_t i = 0; i < picked.size(); ++i) {
    text += (i == 0 ? "" : "\n") + transcript_text(picked[i], fmt::format("episode {}", i + 1));
  }
  return fmt::format(
             "## What the agents said\n\n{} episodes of {} {}; more are in `transcripts/`.\n\n",
             picked.size(), rl != nullptr ? "step" : "the evaluation after step",
             picked.front().step) +
         markdown_block(text) + "\n";
}

std::string checkpoints_section(const RunInfo& info, const FinalReport& report) {
  std::string out = "## Weights, and how to go on\n\n";
  std::vector<std::vector<std::string>> rows;
  if (!report.checkpoint.empty()) rows.push_back({"last", fmt::format("`{}`", report.checkpoint)});
  if (!report.best_checkpoint.empty()) {
    rows.push_back({"best", fmt::format("`{}`", report.best_checkpoint)});
  }
  if (rows.empty()) return out + "No checkpoint was written.\n\n";
  out += markdown_table({"checkpoint", "folder"}, rows, 2) + "\n";
  rows.clear();
  for (const auto& [policy, digest] : report.weights_digests) {
    rows.push_back({markdown_text(policy), fmt::format("`{}`", digest)});
  }
  rows.push_back({"all", fmt::format("`{}`", report.weights_digest)});
  out += markdown_table({"policy", "digest of the weights"}, rows, 2) + "\n";

  const std::string best =
      report.best_checkpoint.empty() ? report.checkpoint : report.best_checkpoint;
  const std::string policy = info.policies.empty() ? "POLICY" : info.policies.front().policy;
  out += "Go on with the run where it stopped, or evaluate a checkpoint:\n\n";
  out += markdown_block(
      fmt::format("troupe train {0}/run.toml --output {0} --resume\n"
                  "troupe eval {0}{1}\n",
                  info.folder, report.best_checkpoint.empty() ? "" : " --checkpoint best"),
      "sh");
  out +=
      "\nEach policy has a folder in the Hugging Face layout inside a checkpoint, which "
      "`transformers`, vLLM and llama.cpp's converter read:\n\n";
  out += markdown_block(fmt::format("from transformers import AutoModelForCausalLM, AutoTokenizer\n"
                                    "folder = \"{}/policy-{}\"\n"
                                    "model = AutoModelForCausalLM.from_pretrained(folder)\n"
                                    "tokenizer = AutoTokenizer.from_pretrained(folder)\n",
                                    best, policy),
                        "python");
  return out + "\n";
}

std::string files_section() {
  const std::vector<std::vector<std::string>> rows = {
      {"`run.toml`", "the run file with every setting's final value and meaning"},
      {"`metrics.jsonl`", "one JSON line per step and evaluation"},
      {"`transcripts/`", "what the agents said, as text"},
      {"`tensorboard/`", "the same numbers: `tensorboard --logdir tensorboard`"},
      {"`checkpoints/`", "weights and the state that a resumed run needs"},
      {"`report.md`, `reward.svg`, `waterfall.svg`", "this report and its charts"}};
  return "## Files in this folder\n\n" + markdown_table({"file", "what it is"}, rows, 2);
}

}  // namespace troupe
