#include "observe/policy_table.h"

#include <algorithm>
#include <limits>

#include "observe/progress_text.h"

namespace troupe {
namespace {

struct Column {
  const char* head;
  int width;
  int keep;         ///< columns with the smallest number go first when there is no room
  bool supervised;  ///< whether the warm start has it too
  std::string (*text)(const PolicyStep&, const StepReport&);
};

double per_second(const PolicyStep& policy, const StepReport& report) {
  return report.seconds > 0 ? static_cast<double>(policy.tokens_generated) / report.seconds
                            : std::numeric_limits<double>::quiet_NaN();
}

using P = const PolicyStep&;
using R = const StepReport&;

const Column kColumns[] = {
    {"reward", 6, 11, false, [](P p, R) { return value_text(p.reward, 3); }},
    {"solved", 6, 10, false, [](P p, R) { return percent_text(p.success); }},
    {"length", 6, 9, false, [](P p, R) { return value_text(p.response_length, 1); }},
    {"entropy", 7, 8, true, [](P p, R) { return value_text(p.entropy, 3); }},
    {"|grad|", 6, 7, true, [](P p, R) { return value_text(p.gradient_norm, 3); }},
    {"KL", 6, 6, false, [](P p, R) { return value_text(p.kl, 4); }},
    {"clip", 5, 2, false, [](P p, R) { return percent_text(p.clip_fraction); }},
    {"ESS", 5, 3, false, [](P p, R) { return value_text(p.effective_sample_size, 3); }},
    {"tok/s", 6, 4, false, [](P p, R r) { return count_text(per_second(p, r)); }},
    {"diff", 5, 5, false, [](P p, R) { return value_text(p.logprob_mismatch, 4); }},
};

}  // namespace

std::vector<std::string> policy_table(const StepReport& report, int width) {
  int name_width = 6;
  for (const PolicyStep& policy : report.policies) {
    name_width = std::max(name_width, columns(policy.policy));
  }
  name_width = std::min(name_width, 11);

  std::vector<const Column*> shown;
  for (const Column& column : kColumns) shown.push_back(&column);
  const auto total = [&] {
    int sum = name_width;
    for (const Column* column : shown) sum += 1 + column->width;
    return sum;
  };
  while (!shown.empty() && total() > width) {
    shown.erase(std::min_element(shown.begin(), shown.end(), [](const Column* a, const Column* b) {
      return a->keep < b->keep;
    }));
  }

  std::vector<std::string> lines;
  std::string head = pad_right("policy", name_width);
  for (const Column* column : shown) head += " " + pad_left(column->head, column->width);
  lines.push_back(fit(head, width));
  for (const PolicyStep& policy : report.policies) {
    std::string line = pad_right(fit(policy.policy, name_width), name_width);
    for (const Column* column : shown) {
      const bool known = column->supervised || report.phase != "warm_start";
      const std::string text = known ? column->text(policy, report) : "-";
      line += " " + pad_left(fit(text, column->width), column->width);
    }
    if (policy.skipped) {
      line = fit(pad_right(fit(policy.policy, name_width), name_width) +
                     " step skipped: " + policy.skip_reason,
                 width);
    }
    lines.push_back(fit(line, width));
  }
  return lines;
}

}  // namespace troupe
