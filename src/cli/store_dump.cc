#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "cli/commands.h"
#include "cli/store.h"
#include "experience/inspect/record_text.h"

namespace troupe {
namespace {

struct DumpArguments {
  std::string run;
  std::string policy;
  std::string state;
  std::string output;
  bool no_tokens = false;
};

/// Lines to standard output or to a new file.
class Lines {
 public:
  Status open(Disk& disk, const std::string& path) {
    if (path.empty()) return {};
    if (disk.exists(path)) {
      return fail(ErrorCode::kInvalid,
                  path + " exists: remove it, or choose another file for --output");
    }
    TROUPE_ASSIGN(file_, disk.create(path));
    return {};
  }
  Status put(std::string line) {
    line += '\n';
    if (file_) return file_->append(line);
    if (std::fwrite(line.data(), 1, line.size(), stdout) == line.size()) return {};
    return fail(ErrorCode::kIo, "standard output cannot be written");
  }

 private:
  std::unique_ptr<AppendFile> file_;
};

Status dump(const DumpArguments& arguments) {
  const auto disk = make_posix_disk();
  TROUPE_ASSIGN(const ExperienceFolder folder, find_experience(*disk, arguments.run));
  TROUPE_ASSIGN(const auto view, read_experience(*disk, folder.journal));
  std::vector<std::string> names = view->state.heading().policies;
  if (!arguments.policy.empty() &&
      std::find(names.begin(), names.end(), arguments.policy) == names.end()) {
    return fail(ErrorCode::kInvalid, fmt::format("--policy {}: the run has the policies {}",
                                                 arguments.policy, fmt::join(names, ", ")));
  }
  Lines lines;
  TROUPE_TRY(lines.open(*disk, arguments.output));
  for (const auto& table : view->state.tables()) {
    if (!arguments.policy.empty() && table->policy() != arguments.policy) continue;
    for (const auto& [key, entry] : table->entries()) {
      if (!arguments.state.empty() && arguments.state != to_string(entry.state)) continue;
      TROUPE_ASSIGN(std::string line, group_json(table->policy(), key, entry,
                                                 arguments.no_tokens ? nullptr : &view->responses));
      TROUPE_TRY(lines.put(std::move(line)));
    }
  }
  return check_damage(view->scan);
}

std::vector<std::string> state_names() {
  std::vector<std::string> out;
  for (std::size_t s = 0; s < kGroupStates; ++s) {
    out.emplace_back(to_string(static_cast<GroupState>(s)));
  }
  return out;
}

}  // namespace

void add_store_dump(CLI::App& store, int& exit_code) {
  auto a = std::make_shared<DumpArguments>();
  CLI::App* command =
      store.add_subcommand("dump", "The groups it holds now, a line of JSON for each and policy");
  add_run_argument(*command, a->run);
  command->add_option("--policy", a->policy, "Only this policy's groups");
  command->add_option("--state", a->state, "Only groups in this state")
      ->check(CLI::IsMember(state_names()));
  command->add_flag("--no-tokens", a->no_tokens, "Leave out tokens and log-probs");
  command->add_option("--output", a->output, "Write to this new file");
  command->callback([a, &exit_code] {
    const Status status = dump(*a);
    exit_code = status ? 0 : report_error(status.error());
  });
}

}  // namespace troupe
