#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "troupe/result.h"

namespace troupe {

/// Where one receiver pulls from.
struct TransferEdge {
  std::string receiver;  ///< its URL, or a name if nobody pulls from it
  /// URLs, the first one first; the others if it fails, the producer last.
  std::vector<std::string> sources;
  [[nodiscard]] bool operator==(const TransferEdge& other) const = default;
};

/// Who pulls from whom. Data, so that whoever places processes can make it, store it and hand it
/// out.
struct TransferPlan {
  std::vector<TransferEdge> edges;
  /// Null if the receiver is not in the plan.
  [[nodiscard]] const TransferEdge* find(const std::string& receiver) const;
  [[nodiscard]] bool operator==(const TransferPlan& other) const = default;
};

/// All receivers pull from the producer. Pure.
TransferPlan star_plan(const std::string& producer, const std::vector<std::string>& receivers);

/// The producer serves the first `fan_out` receivers, and each receiver serves the next `fan_out`
/// that have no source yet, as in a heap: depth log_fan_out(n), and nobody sends a payload more
/// than `fan_out` times. kInvalid if fan_out is below 1 or a receiver stands there twice. Pure.
Result<TransferPlan> tree_plan(const std::string& producer,
                               const std::vector<std::string>& receivers, int fan_out);

/// {"edges": [{"receiver": ..., "sources": [...]}]}
std::string plan_text(const TransferPlan& plan);
/// kInvalid: no such JSON, a receiver without a source or twice, or receivers that pull from each
/// other in a ring by their first sources.
Result<TransferPlan> parse_plan(std::string_view text);

}  // namespace troupe
