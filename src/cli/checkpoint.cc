#include "versions/checkpoint_store.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/disk.h"
#include "base/executor.h"
#include "cli/commands.h"
#include "cli/run_folder.h"
#include "cli/store.h"
#include "model/checkpoint_files.h"

namespace troupe {
namespace {

struct CheckpointArguments {
  std::string run;
  std::string name;
  std::string policy;
  std::string out;
  std::string dtype = "fp32";
  bool json = false;
};

/// Bytes of all files below a folder, or of a file.
Result<std::uint64_t> bytes_below(Disk& disk, const std::string& path) {
  const auto names = disk.list(path);
  if (!names) return disk.size(path);
  std::uint64_t bytes = 0;
  for (const std::string& name : *names) {
    TROUPE_ASSIGN(const std::uint64_t part, bytes_below(disk, path + "/" + name));
    bytes += part;
  }
  return bytes;
}

/// "3 min"; "-" if it is unknown.
std::string age_text(double seconds) {
  if (seconds < 0) return "-";
  if (seconds < 120) return fmt::format("{:.0f} s", seconds);
  if (seconds < 2 * 3600) return fmt::format("{:.0f} min", seconds / 60);
  return seconds < 2 * 86400 ? fmt::format("{:.0f} h", seconds / 3600)
                             : fmt::format("{:.0f} days", seconds / 86400);
}

/// The run's checkpoints, at least one.
Result<std::vector<std::string>> names_in(CheckpointStore& store) {
  TROUPE_ASSIGN(auto names, all_checkpoints(store));
  if (!names.empty()) return names;
  return fail(ErrorCode::kNotFound, store.folder() + " holds no checkpoint");
}

Status list(const CheckpointArguments& arguments) {
  const auto disk = make_posix_disk();
  CheckpointStore store(*disk, arguments.run + "/checkpoints");
  TROUPE_ASSIGN(const auto names, names_in(store));
  nlohmann::ordered_json out = nlohmann::ordered_json::array();
  if (!arguments.json) {
    fmt::print("{:<16} {:>8} {:>10} {:>10} {:>10}  {}\n", "name", "step", "bytes", "own", "linked",
               "age");
  }
  for (const std::string& name : names) {
    TROUPE_ASSIGN(const std::uint64_t bytes, bytes_below(*disk, store.folder() + "/" + name));
    const auto summary = store.summary(name);
    if (!summary) {
      out.push_back({{"name", name}, {"bytes", bytes}, {"damaged", summary.error().message}});
      if (!arguments.json) fmt::print("{:<16} damaged: {}\n", name, summary.error().message);
      continue;
    }
    const std::uint64_t own = bytes - std::min(bytes, summary->linked);
    const double age = summary->saved > 0 ? std::max(0.0, unix_time() - summary->saved) : -1;
    const auto kind = CheckpointName::parse(name);
    out.push_back({{"name", name},
                   {"kind", kind ? kind->kind : std::string()},
                   {"step", summary->step},
                   {"bytes", bytes},
                   {"own_bytes", own},
                   {"linked_bytes", summary->linked}});
    if (age >= 0) out.back()["age_seconds"] = age;
    if (!arguments.json) {
      fmt::print("{:<16} {:>8} {:>10} {:>10} {:>10}  {}\n", name, summary->step, bytes_text(bytes),
                 bytes_text(own), bytes_text(summary->linked), age_text(age));
    }
  }
  if (arguments.json) fmt::print("{}\n", out.dump(2));
  return {};
}

Status verify(const CheckpointArguments& arguments) {
  const auto disk = make_posix_disk();
  CheckpointStore store(*disk, arguments.run + "/checkpoints");
  TROUPE_ASSIGN(auto names, names_in(store));
  if (!arguments.name.empty()) {
    TROUPE_ASSIGN(const std::string name, choose_checkpoint(store, arguments.name));
    names = {name};
  }
  std::size_t damaged = 0;
  for (const std::string& name : names) {
    const auto checkpoint = store.load(name, "");
    if (!checkpoint) {
      ++damaged;
      fmt::print("{}: {}\n", name, checkpoint.error().message);
      continue;
    }
    fmt::print("{}: whole, after {}\n", name, counted(checkpoint->step, "step"));
    for (const PolicyCheckpoint& policy : checkpoint->policies) {
      fmt::print("  {:<16} version {:>6}  {}{}\n", policy.policy, policy.version,
                 policy.weights->digest(),
                 policy.first.empty() ? "" : ", with the optimizer's state");
    }
  }
  if (damaged == 0) return {};
  return fail(ErrorCode::kInvalid,
              fmt::format("{}: {} of {} are damaged", store.folder(), damaged, names.size()));
}

/// The policy that `arguments` name, or the only one.
Result<const PolicyCheckpoint*> choose_policy(const Checkpoint& checkpoint,
                                              const std::string& wanted) {
  std::string names;
  for (const PolicyCheckpoint& policy : checkpoint.policies) {
    if (policy.policy == wanted || (wanted.empty() && checkpoint.policies.size() == 1)) {
      return &policy;
    }
    names += (names.empty() ? "" : ", ") + policy.policy;
  }
  return fail(ErrorCode::kInvalid,
              wanted.empty() ? fmt::format("several policies: name one by --policy: {}", names)
                             : fmt::format("no policy \"{}\"; there are {}", wanted, names));
}

Status export_policy(const CheckpointArguments& arguments) {
  const auto disk = make_posix_disk();
  CheckpointStore store(*disk, arguments.run + "/checkpoints");
  TROUPE_ASSIGN(const std::string name, choose_checkpoint(store, arguments.name));
  TROUPE_ASSIGN(const Checkpoint checkpoint, store.load(name, ""));
  TROUPE_ASSIGN(const PolicyCheckpoint* policy, choose_policy(checkpoint, arguments.policy));
  WeightFormat format;
  TROUPE_ASSIGN(format.dtype, parse_dtype(arguments.dtype));
  const std::string folder = fmt::format("{}/{}/policy-{}", store.folder(), name, policy->policy);
  const bool adapter = policy->adapter.settings.rank > 0;
  TROUPE_ASSIGN(const ModelConfig config,
                convert_model_folder(*disk, adapter ? policy->adapter.base : folder, arguments.out,
                                     format, adapter ? folder : ""));
  fmt::print("{}: {} parameters of policy {} in {}, from {}{}\n", arguments.out,
             config.parameters(), policy->policy, arguments.dtype, name,
             adapter ? ", its adapter merged into " + policy->adapter.base : "");
  return {};
}

}  // namespace

void add_checkpoint(CLI::App& app, int& exit_code) {
  const auto arguments = std::make_shared<CheckpointArguments>();
  CLI::App* all =
      app.add_subcommand("checkpoint", "List a run's checkpoints, check or export them");
  all->require_subcommand(1);
  const auto add = [&](const char* name, const char* about,
                       Status (*command)(const CheckpointArguments&)) {
    return add_run_command(
        *all, name, about, arguments->run, [arguments, command] { return command(*arguments); },
        exit_code);
  };
  add("list", "Step, size and age of all, newest first", list)
      ->add_flag("--json", arguments->json, "A list of objects");
  add("verify", "Read all of them: every file and digest", verify)
      ->add_option("NAME", arguments->name, "One checkpoint, e.g. step-000040, or best");
  CLI::App* out = add("export", "Write one policy as a model folder", export_policy);
  out->add_option("OUT", arguments->out, "New folder, in Hugging Face's layout")->required();
  out->add_option("--checkpoint", arguments->name,
                  "Its name, e.g. step-000040, or best; default: the newest kept for a resume");
  out->add_option("--policy", arguments->policy, "Which policy; default: the only one");
  out->add_option("--dtype", arguments->dtype, "fp32, or bf16: weights are rounded to nearest")
      ->capture_default_str();
}

}  // namespace troupe
