#include "versions/transfer/transfer_plan.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>

namespace troupe {
namespace {

Status check(const TransferPlan& plan) {
  std::set<std::string> seen;
  for (const TransferEdge& edge : plan.edges) {
    if (edge.sources.empty()) {
      return fail(ErrorCode::kInvalid, fmt::format("receiver {} has no source", edge.receiver));
    }
    if (!seen.insert(edge.receiver).second) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("receiver {} stands in the plan twice", edge.receiver));
    }
  }
  for (const TransferEdge& edge : plan.edges) {
    const TransferEdge* at = &edge;
    for (std::size_t steps = 0; at != nullptr; at = plan.find(at->sources.front())) {
      if (++steps <= plan.edges.size()) continue;
      return fail(ErrorCode::kInvalid,
                  fmt::format("receiver {} pulls from itself by way of others", edge.receiver));
    }
  }
  return {};
}

}  // namespace

const TransferEdge* TransferPlan::find(const std::string& receiver) const {
  for (const TransferEdge& edge : edges) {
    if (edge.receiver == receiver) return &edge;
  }
  return nullptr;
}

TransferPlan star_plan(const std::string& producer, const std::vector<std::string>& receivers) {
  TransferPlan out;
  for (const std::string& receiver : receivers) out.edges.push_back({receiver, {producer}});
  return out;
}

Result<TransferPlan> tree_plan(const std::string& producer,
                               const std::vector<std::string>& receivers, int fan_out) {
  if (fan_out < 1) {
    return fail(ErrorCode::kInvalid, fmt::format("a fan-out of {}; it is at least 1", fan_out));
  }
  const auto fan = static_cast<std::size_t>(fan_out);
  TransferPlan out;
  for (std::size_t i = 0; i < receivers.size(); ++i) {
    TransferEdge edge{receivers[i], {}};
    if (i >= fan) edge.sources.push_back(receivers[i / fan - 1]);
    edge.sources.push_back(producer);
    out.edges.push_back(std::move(edge));
  }
  TROUPE_TRY(check(out));
  return out;
}

std::string plan_text(const TransferPlan& plan) {
  nlohmann::ordered_json out;
  out["edges"] = nlohmann::ordered_json::array();
  for (const TransferEdge& edge : plan.edges) {
    out["edges"].push_back({{"receiver", edge.receiver}, {"sources", edge.sources}});
  }
  return out.dump(1) + "\n";
}

Result<TransferPlan> parse_plan(std::string_view text) {
  TransferPlan out;
  try {
    const auto in = nlohmann::json::parse(text);
    for (const auto& edge : in.at("edges")) {
      out.edges.push_back({edge.at("receiver").get<std::string>(),
                           edge.at("sources").get<std::vector<std::string>>()});
    }
  } catch (const nlohmann::json::exception& e) {
    return fail(ErrorCode::kInvalid, fmt::format("a transfer plan: {}", e.what()));
  }
  TROUPE_TRY(check(out));
  return out;
}

}  // namespace troupe
