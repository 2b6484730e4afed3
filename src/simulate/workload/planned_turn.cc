#include "simulate/workload/planned_turn.h"

#include <fmt/format.h>

namespace troupe {

std::string plan_text(const PlannedTurn& turn) {
  return fmt::format(">{}:{:.0f}", turn.tokens, 1e6 * turn.tool_seconds);
}

PlannedTurn planned(const std::string& text) {
  const std::size_t at = text.rfind('>');
  const std::size_t colon = text.rfind(':');
  PlannedTurn out;
  out.tokens = std::stoi(text.substr(at + 1));
  out.tool_seconds = 1e-6 * std::stod(text.substr(colon + 1));
  return out;
}

}  // namespace troupe
