#pragma once

#include <optional>
#include <vector>

#include "cli/generate.h"
#include "rollout/engine.h"

namespace troupe {

/// Prints samples in the order of prompts, each as soon as it and those before it are there; a
/// single one on a terminal as it grows. Lives on the strand.
class GeneratePrinter {
 public:
  explicit GeneratePrinter(const GenerateJob& job);

  [[nodiscard]] bool streams() const { return streams_; }
  /// The one sample has grown.
  void show(const Generation& so_far);
  /// Sample `index` has ended: of prompt index / samples.
  void finish(std::size_t index, Generation generation);
  /// Of all samples printed.
  [[nodiscard]] std::size_t tokens() const { return tokens_; }

 private:
  void print(std::size_t index, const Generation& generation);
  void print_json(std::size_t prompt, std::size_t sample, const Generation& generation) const;
  void print_logprobs(const Generation& generation) const;

  const GenerateJob& job_;
  std::vector<std::optional<Generation>> results_;
  bool streams_;
  std::size_t shown_ = 0;  // bytes of the one sample
  std::size_t next_ = 0;
  std::size_t tokens_ = 0;
};

}  // namespace troupe
