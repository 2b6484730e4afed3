#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "troupe/environment.h"

namespace troupe {

/// Small things that every environment needs: task ids, splits by hash, payloads, checks.
/// Pure functions.

/// Share of generated tasks that belong to the held-out split.
constexpr double kHeldOutShare = 0.1;

/// "train" or "heldout".
std::string split_name(Split split);

/// "NAME-train-12": unique within an environment, the same in every process.
std::string task_id(std::string_view environment, Split split, std::uint64_t index);

/// The seed from which the index-th task of a split is drawn.
std::uint64_t task_seed(std::string_view environment, Split split, std::uint64_t index);

/// The split that a task with content `key` belongs to: a hash of the key, so that a content is
/// never in both, whatever the order in which tasks are drawn.
Split split_of(std::string_view key, double held_out_share = kHeldOutShare);

/// Fields of a task's payload (a JSON object). kInvalid names the task and the field.
Result<std::string> payload_text(const Task& task, const std::string& key);
Result<std::int64_t> payload_integer(const Task& task, const std::string& key);
Result<std::vector<std::string>> payload_texts(const Task& task, const std::string& key);
Result<std::vector<std::int64_t>> payload_integers(const Task& task, const std::string& key);

/// kInternal unless there is exactly one action for each prompt of `turn`, in its order.
Status check_actions(const Turn& turn, const std::vector<Action>& actions);

/// The letters a..z, then A..Z.
inline constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

}  // namespace troupe
