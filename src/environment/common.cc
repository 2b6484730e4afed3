#include "environment/common.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/rng.h"

namespace troupe {
namespace {

using nlohmann::json;

tl::unexpected<Error> bad_payload(const Task& task, const std::string& key, const char* wanted) {
  return fail(ErrorCode::kInvalid,
              fmt::format("task '{}': payload needs \"{}\": {}; take tasks from the environment "
                          "that made them",
                          task.id, key, wanted));
}

/// The value of `key`, or a discarded value.
json field(const Task& task, const std::string& key) {
  const json payload = json::parse(task.payload, nullptr, false);
  if (!payload.is_object() || !payload.contains(key)) return json(json::value_t::discarded);
  return payload.at(key);
}

}  // namespace

std::string split_name(Split split) { return split == Split::kTrain ? "train" : "heldout"; }

std::string task_id(std::string_view environment, Split split, std::uint64_t index) {
  return fmt::format("{}-{}-{}", environment, split_name(split), index);
}

std::uint64_t task_seed(std::string_view environment, Split split, std::uint64_t index) {
  return seed_join(seed_join(seed_join(0, environment), split_name(split)), index);
}

Split split_of(std::string_view key, double held_out_share) {
  Rng rng(seed_join(0x5011f, key));
  return rng.uniform() < held_out_share ? Split::kHeldOut : Split::kTrain;
}

Result<std::string> payload_text(const Task& task, const std::string& key) {
  const json value = field(task, key);
  if (!value.is_string()) return bad_payload(task, key, "text");
  return value.get<std::string>();
}

Result<std::int64_t> payload_integer(const Task& task, const std::string& key) {
  const json value = field(task, key);
  if (!value.is_number_integer()) return bad_payload(task, key, "an integer");
  return value.get<std::int64_t>();
}

Result<std::vector<std::string>> payload_texts(const Task& task, const std::string& key) {
  const json value = field(task, key);
  if (!value.is_array()) return bad_payload(task, key, "a list of texts");
  std::vector<std::string> out;
  for (const json& item : value) {
    if (!item.is_string()) return bad_payload(task, key, "a list of texts");
    out.push_back(item.get<std::string>());
  }
  return out;
}

Result<std::vector<std::int64_t>> payload_integers(const Task& task, const std::string& key) {
  const json value = field(task, key);
  if (!value.is_array()) return bad_payload(task, key, "a list of integers");
  std::vector<std::int64_t> out;
  for (const json& item : value) {
    if (!item.is_number_integer()) return bad_payload(task, key, "a list of integers");
    out.push_back(item.get<std::int64_t>());
  }
  return out;
}

Status check_actions(const Turn& turn, const std::vector<Action>& actions) {
  bool match = actions.size() == turn.prompts.size() && !turn.done();
  for (std::size_t i = 0; match && i < actions.size(); ++i) {
    match = actions[i].agent == turn.prompts[i].agent;
  }
  if (match) return {};
  return fail(ErrorCode::kInternal,
              fmt::format("step() got {} actions that do not match the {} prompts of the turn",
                          actions.size(), turn.prompts.size()));
}

}  // namespace troupe
