#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "experience/version.h"
#include "model/tokenizer.h"

namespace troupe {

/// A run of tokens of one origin: either shown to the agent, or sampled by one policy version.
struct Segment {
  bool sampled = false;
  std::vector<TokenId> tokens;
  std::vector<float> logprobs;  ///< sampled only: behaviour log-probs after temperature, [tokens]
  Version version;              ///< sampled only: the version that sampled it
  double reward = 0;            ///< sampled only: what the answer earned by itself
};

/// What one agent saw and said in one of its contexts of one episode, as the token ids that were
/// fed and sampled. Text is a view of these ids; they are never made again from text.
struct Trajectory {
  /// {input}_{turn}_{trajectory}; turn = the context's last turn index; trajectory = the member, or
  /// {member}.{context} of contexts above 0
  std::string sample_id;
  std::string agent;
  std::vector<Segment> segments;
  double reward = 0;
  bool success = false;    ///< of the episode
  bool truncated = false;  ///< a length limit cut one of the answers
  int member = 0;          ///< which of the group's episodes
  int context = 0;         ///< which of the agent's contexts in the episode
  double entropy_sum = 0;  ///< nats, over sampled tokens, as the rollout saw it

  [[nodiscard]] std::int64_t tokens() const {
    std::int64_t n = 0;
    for (const auto& s : segments) n += static_cast<std::int64_t>(s.tokens.size());
    return n;
  }
  [[nodiscard]] std::int64_t sampled_tokens() const {
    std::int64_t n = 0;
    for (const auto& s : segments) n += s.sampled ? static_cast<std::int64_t>(s.tokens.size()) : 0;
    return n;
  }
};

}  // namespace troupe
