#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "troupe/environment.h"

namespace troupe {

class Disk;

/// The layouts of a dataset file, told apart by their keys.
enum class Layout {
  kQuestion,   ///< {"question": text, "answer": text or number}; GSM8K's answer ends in "#### 72"
  kCountdown,  ///< {"nums": [integers], "target": integer}
};

/// One row. Keys of the other layout stay empty; keys of neither are ignored.
struct DatasetRow {
  int line = 0;  ///< 1-based, in its file
  std::string question;
  std::string answer;  ///< the final answer: what follows the last "####" if there is one, trimmed
  std::vector<std::int64_t> nums;
  std::int64_t target = 0;

  /// What makes two rows the same problem: the question, or the sorted numbers and the target.
  [[nodiscard]] std::string key() const;
  /// The row as a task's payload, and back.
  [[nodiscard]] std::string payload() const;
};
Result<DatasetRow> row_of(const Task& task, Layout layout);

struct Rows {
  Layout layout = Layout::kQuestion;
  std::vector<DatasetRow> rows;
};

/// Reads a JSONL file. kInvalid names file and line: malformed, missing keys, wrong types, or a
/// layout other than the first line's.
Result<Rows> read_rows(Disk& disk, const std::string& path, const std::string& option);

}  // namespace troupe
