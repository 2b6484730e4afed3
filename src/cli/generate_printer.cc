#include "cli/generate_printer.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace troupe {
namespace {

void write(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

}  // namespace

GeneratePrinter::GeneratePrinter(const GenerateJob& job)
    : job_(job),
      results_(job.samples()),
      streams_(job.samples() == 1 && !job.arguments.json && isatty(STDOUT_FILENO) != 0) {}

void GeneratePrinter::show(const Generation& so_far) {
  const std::string all = job_.tokenizer->decode(so_far.tokens);
  std::string_view text = without_incomplete(all);
  if (job_.stop) {
    text = text.substr(0, job_.stop->find(text));
    text = text.substr(0, job_.stop->certain(text));
  }
  if (text.size() > shown_) write(text.substr(shown_));
  shown_ = std::max(shown_, text.size());
}

void GeneratePrinter::finish(std::size_t index, Generation generation) {
  results_[index] = std::move(generation);
  for (; next_ < results_.size() && results_[next_]; ++next_) print(next_, *results_[next_]);
}

void GeneratePrinter::print(std::size_t index, const Generation& generation) {
  tokens_ += generation.tokens.size();
  const auto samples = static_cast<std::size_t>(job_.arguments.samples);
  if (job_.arguments.json) {
    print_json(index / samples, index % samples, generation);
    return;
  }
  if (results_.size() > 1) {
    write(fmt::format("--- prompt {}, sample {}: {} tokens, {}\n", index / samples + 1,
                      index % samples + 1, generation.tokens.size(),
                      finish_name(generation.reason)));
  }
  const std::string text = job_.text(generation.tokens);
  write(text.substr(std::min(shown_, text.size())) + "\n");
  if (job_.arguments.logprobs) print_logprobs(generation);
}

void GeneratePrinter::print_logprobs(const Generation& generation) const {
  const std::span<const TokenId> tokens(generation.tokens);
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    write(fmt::format("{:>8} {:>12.6f}  {}\n", tokens[i], generation.logprobs[i],
                      nlohmann::json(job_.tokenizer->decode(tokens.subspan(i, 1))).dump()));
  }
}

void GeneratePrinter::print_json(std::size_t prompt, std::size_t sample,
                                 const Generation& generation) const {
  nlohmann::ordered_json out;
  out["prompt"] = prompt;
  out["sample"] = sample;
  out["prompt_tokens"] = job_.prompts[prompt].tokens;
  out["tokens"] = generation.tokens;
  out["logprobs"] = generation.logprobs;
  out["text"] = job_.text(generation.tokens);
  out["finish_reason"] = finish_name(generation.reason);
  write(out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

}  // namespace troupe
