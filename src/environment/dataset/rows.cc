#include "environment/dataset/rows.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "environment/common.h"
#include "environment/dataset/answers.h"
#include "environment/json_lines.h"

namespace troupe {
namespace {

using nlohmann::json;

constexpr std::int64_t kMaxNumber = 999'999'999;

const char* keys_of(Layout layout) {
  return layout == Layout::kQuestion ? R"("question" and "answer")" : R"("nums" and "target")";
}

Result<Layout> layout_of(const json& object) {
  const bool question = object.contains("question") && object.contains("answer");
  const bool countdown = object.contains("nums") && object.contains("target");
  if (question != countdown) return question ? Layout::kQuestion : Layout::kCountdown;
  std::vector<std::string> keys;
  for (const auto& item : object.items()) keys.push_back("\"" + item.key() + "\"");
  return fail(ErrorCode::kInvalid,
              fmt::format("has the keys {}; a row needs either \"question\" and \"answer\" or "
                          "\"nums\" and \"target\"",
                          keys.empty() ? "none" : fmt::format("{}", fmt::join(keys, ", "))));
}

Result<DatasetRow> question_row(const json& object) {
  const json& question = object.at("question");
  const json& answer = object.at("answer");
  if (!question.is_string()) return fail(ErrorCode::kInvalid, "\"question\" must be text");
  if (!answer.is_string() && !answer.is_number()) {
    return fail(ErrorCode::kInvalid, "\"answer\" must be text or a number");
  }
  DatasetRow row;
  row.question = question.get<std::string>();
  row.answer = final_answer(answer.is_string() ? answer.get<std::string>() : answer.dump());
  if (row.answer.empty()) {
    return fail(ErrorCode::kInvalid, "\"answer\" has no final answer; write it after \"####\"");
  }
  return row;
}

/// An integer from `low` to kMaxNumber.
bool is_integer(const json& value, std::int64_t low) {
  if (!value.is_number_integer()) return false;
  if (value.is_number_unsigned()) return value.get<std::uint64_t>() <= kMaxNumber;
  return value.get<std::int64_t>() >= low && value.get<std::int64_t>() <= kMaxNumber;
}

Result<DatasetRow> countdown_row(const json& object) {
  const json& nums = object.at("nums");
  const json& target = object.at("target");
  DatasetRow row;
  bool good = nums.is_array() && !nums.empty() && is_integer(target, -kMaxNumber);
  for (std::size_t i = 0; good && i < nums.size(); ++i) {
    good = is_integer(nums[i], 0);
    if (good) row.nums.push_back(nums[i].get<std::int64_t>());
  }
  if (!good) {
    return fail(ErrorCode::kInvalid,
                fmt::format("\"nums\" must be a list of integers in 0..{0} and \"target\" an "
                            "integer in -{0}..{0}",
                            kMaxNumber));
  }
  row.target = target.get<std::int64_t>();
  return row;
}

}  // namespace

std::string DatasetRow::key() const {
  if (nums.empty()) return question;
  std::vector<std::int64_t> sorted = nums;
  std::sort(sorted.begin(), sorted.end());
  return fmt::format("{}={}", fmt::join(sorted, ","), target);
}

std::string DatasetRow::payload() const {
  const json object = nums.empty() ? json{{"question", question}, {"answer", answer}}
                                   : json{{"nums", nums}, {"target", target}};
  return object.dump();
}

Result<DatasetRow> row_of(const Task& task, Layout layout) {
  DatasetRow row;
  if (layout == Layout::kQuestion) {
    TROUPE_ASSIGN(row.question, payload_text(task, "question"));
    TROUPE_ASSIGN(row.answer, payload_text(task, "answer"));
  } else {
    TROUPE_ASSIGN(row.nums, payload_integers(task, "nums"));
    TROUPE_ASSIGN(row.target, payload_integer(task, "target"));
    if (row.nums.empty()) {
      return fail(ErrorCode::kInvalid, fmt::format("task '{}' has no numbers", task.id));
    }
  }
  return row;
}

Result<Rows> read_rows(Disk& disk, const std::string& path, const std::string& option) {
  Rows out;
  TROUPE_TRY(read_json_lines(disk, path, option, [&](int line, const json& object) -> Status {
    TROUPE_ASSIGN(const Layout layout, layout_of(object));
    if (out.rows.empty()) out.layout = layout;
    if (layout != out.layout) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("has {}, but line {} has {}; keep one layout per file",
                              keys_of(layout), out.rows[0].line, keys_of(out.layout)));
    }
    TROUPE_ASSIGN(DatasetRow row,
                  layout == Layout::kQuestion ? question_row(object) : countdown_row(object));
    row.line = line;
    out.rows.push_back(std::move(row));
    return {};
  }));
  return out;
}

}  // namespace troupe
