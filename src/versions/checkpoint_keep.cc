#include "versions/checkpoint_keep.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

namespace troupe {

std::string CheckpointName::text() const { return fmt::format("{}-{:06d}", kind, step); }

std::optional<CheckpointName> CheckpointName::parse(const std::string& name) {
  const std::size_t dash = name.rfind('-');
  if (dash == std::string::npos) return std::nullopt;
  CheckpointName out;
  out.kind = name.substr(0, dash);
  const char* end = name.data() + name.size();
  const auto read = std::from_chars(name.data() + dash + 1, end, out.step);
  if (read.ec != std::errc() || read.ptr != end || out.text() != name) return std::nullopt;
  return out;
}

std::vector<std::string> not_kept(const std::vector<std::string>& names, const KeepRules& rules) {
  std::map<std::string, std::vector<std::int64_t>> steps;  // by kind
  for (const std::string& name : names) {
    if (const auto read = CheckpointName::parse(name)) steps[read->kind].push_back(read->step);
  }
  std::vector<std::string> out;
  for (auto& [kind, all] : steps) {
    std::sort(all.begin(), all.end());
    for (std::size_t i = 0; i < all.size(); ++i) {
      const std::int64_t step = all[i];
      const auto newer = static_cast<std::int64_t>(all.size() - 1 - i);
      bool stays = true;
      if (kind == "step") {
        stays = newer < rules.newest || (rules.every > 0 && step > 0 && step % rules.every == 0);
      } else if (kind == "best") {
        stays = rules.best.contains(step);
      } else if (kind == "pool") {
        stays = rules.pool == 0 || newer < rules.pool;
      }
      if (!stays) out.push_back(CheckpointName{kind, step}.text());
    }
  }
  return out;
}

}  // namespace troupe
