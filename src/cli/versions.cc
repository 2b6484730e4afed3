#include "cli/versions.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/folder_lock.h"
#include "cli/commands.h"
#include "cli/store.h"
#include "cli/versions_transfer.h"
#include "versions/published/published_versions.h"

namespace troupe {
namespace {

std::string folder_of(const VersionsArguments& arguments) { return arguments.run + "/versions"; }

/// The policies that are published, at least one.
Result<std::vector<std::string>> policies_of(PublishedFolder& folder) {
  auto names = folder.policies();
  if (!names.empty()) return names;
  return fail(ErrorCode::kNotFound,
              folder.folder() +
                  " holds no published version: set versions.publish = true in the "
                  "run file");
}

void print_versions(const Catalogue& catalogue) {
  fmt::print("policy {}: {} is current\n", catalogue.policy, catalogue.head.text());
  for (const StateId& id : versions_of(catalogue.payloads)) {
    std::string payloads;
    for (const PayloadEntry& payload : catalogue.payloads) {
      if (!(payload.target == id)) continue;
      payloads += payloads.empty() ? "" : ", ";
      payloads += payload.base ? "from " + payload.base->text() : "whole";
      payloads += " " + bytes_text(payload.bytes);
    }
    fmt::print("  {:<16} {}  {}\n", id.text(), id.digest, payloads);
  }
}

nlohmann::ordered_json json_of(const Catalogue& catalogue) {
  nlohmann::ordered_json out = {{"policy", catalogue.policy}};
  const auto id_of = [](const StateId& id) {
    return nlohmann::ordered_json{
        {"incarnation", id.incarnation}, {"number", id.number}, {"digest", id.digest}};
  };
  out["head"] = id_of(catalogue.head);
  out["payloads"] = nlohmann::ordered_json::array();
  for (const PayloadEntry& payload : catalogue.payloads) {
    out["payloads"].push_back({{"name", payload.name},
                               {"target", id_of(payload.target)},
                               {"base", payload.base ? id_of(*payload.base) : nullptr},
                               {"bytes", payload.bytes}});
  }
  return out;
}

Status list(const VersionsArguments& arguments) {
  const auto disk = make_posix_disk();
  PublishedFolder folder(*disk, folder_of(arguments));
  TROUPE_ASSIGN(const auto policies, policies_of(folder));
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const std::string& policy : policies) {
    TROUPE_ASSIGN(const Catalogue catalogue, folder.catalogue(policy));
    all.push_back(json_of(catalogue));
    if (!arguments.json) print_versions(catalogue);
  }
  if (arguments.json) fmt::print("{}\n", all.dump(2));
  return {};
}

/// Puts every version together: oldest first, each out of the one before it, and those with an
/// anchor out of nothing as well. Returns how many are damaged.
std::size_t verify_policy(PublishedFolder& folder, const Catalogue& catalogue) {
  std::size_t damaged = 0;
  HeldVersion held;
  const auto versions = versions_of(catalogue.payloads);
  for (const StateId& id : versions) {
    Status whole = bring_to(folder, catalogue, id, held);
    for (const PayloadEntry& payload : catalogue.payloads) {
      if (!whole || payload.base || !(payload.target == id)) continue;
      HeldVersion anchor;
      Catalogue alone{catalogue.policy, id, {payload}};
      whole = bring_to(folder, alone, id, anchor);
    }
    if (whole) continue;
    ++damaged;
    held = {};
    fmt::print("policy {}, {}: {}\n", catalogue.policy, id.text(), whole.error().message);
  }
  fmt::print("policy {}: {} of {} whole, {} is current\n", catalogue.policy,
             versions.size() - damaged,
             counted(static_cast<std::int64_t>(versions.size()), "version"), catalogue.head.text());
  return damaged;
}

Status verify(const VersionsArguments& arguments) {
  const auto disk = make_posix_disk();
  PublishedFolder folder(*disk, folder_of(arguments));
  TROUPE_ASSIGN(const auto policies, policies_of(folder));
  std::size_t damaged = 0;
  for (const std::string& policy : policies) {
    TROUPE_ASSIGN(const Catalogue catalogue, folder.catalogue(policy));
    damaged += verify_policy(folder, catalogue);
  }
  if (damaged == 0) return {};
  return fail(ErrorCode::kInvalid,
              fmt::format("{}: {} damaged; the next version that a run publishes does not need "
                          "them",
                          folder.folder(), counted(static_cast<std::int64_t>(damaged), "version")));
}

Status rollback(const VersionsArguments& arguments) {
  const auto disk = make_posix_disk();
  PublishedFolder folder(*disk, folder_of(arguments));
  TROUPE_ASSIGN(const Catalogue catalogue, choose_published(folder, arguments.policy));
  TROUPE_ASSIGN(const StateId version, choose_version(catalogue, arguments.version));
  TROUPE_ASSIGN(const auto lock, FolderLock::acquire(arguments.run));
  PublishedVersions::Setting setting;
  setting.folder = folder.folder();
  setting.policy = catalogue.policy;
  setting.limits.versions = std::numeric_limits<std::int64_t>::max() / 2;  // the run's are its own
  TROUPE_ASSIGN(const auto versions, PublishedVersions::open(*disk, std::move(setting)));
  TROUPE_ASSIGN(const Publication done, versions->rollback(version));
  fmt::print("policy {}: {} is current, with the weights of {}\n", catalogue.policy, done.id.text(),
             version.text());
  return {};
}

}  // namespace

Result<Catalogue> choose_published(PublishedFolder& folder, const std::string& wanted) {
  TROUPE_ASSIGN(const auto policies, policies_of(folder));
  if (!wanted.empty()) return folder.catalogue(wanted);
  if (policies.size() == 1) return folder.catalogue(policies.front());
  return fail(ErrorCode::kInvalid,
              fmt::format("several policies: name one by --policy: {}", fmt::join(policies, ", ")));
}

Result<StateId> choose_version(const Catalogue& catalogue, const std::string& wanted) {
  if (wanted.empty()) return catalogue.head;
  const std::size_t dot = wanted.find('.');
  const auto read = [&](std::string_view text) -> std::optional<std::int64_t> {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool all = error == std::errc() && end == text.data() + text.size() && value >= 0;
    return all ? std::optional(value) : std::nullopt;
  };
  const std::string_view text = wanted;
  const auto number = read(dot == std::string::npos ? text : text.substr(dot + 1));
  const auto incarnation = dot == std::string::npos ? std::nullopt : read(text.substr(0, dot));
  if (!number || (dot != std::string::npos && !incarnation)) {
    return fail(ErrorCode::kInvalid,
                fmt::format("--version {}: give a number such as 7, or 2.7 for the version 7 of "
                            "incarnation 2",
                            wanted));
  }
  return find_version(catalogue, *number, incarnation);
}

void add_versions(CLI::App& app, int& exit_code) {
  const auto arguments = std::make_shared<VersionsArguments>();
  CLI::App* all = app.add_subcommand(
      "versions", "Published versions: list, check, export, roll back, serve, pull");
  all->require_subcommand(1);
  const auto add = [&](const char* name, const char* about,
                       Status (*command)(const VersionsArguments&)) {
    return add_run_command(
        *all, name, about, arguments->run, [arguments, command] { return command(*arguments); },
        exit_code);
  };
  all->footer("All but rollback leave the run as it is, and may be used while it goes on.");
  add("list", "What is kept, oldest first", list)
      ->add_flag("--json", arguments->json, "A list of objects");
  add("verify", "Put every version together, and compare its digests", verify);
  CLI::App* out = add("export", "Write a version as a model folder", export_version);
  out->add_option("--to", arguments->out, "New folder, in Hugging Face's layout")->required();
  out->add_option("--dtype", arguments->dtype, "fp32 or bf16; default: as published");
  CLI::App* back = add(
      "rollback",
      "Make an earlier version current again, under a new incarnation; the run must not be going",
      rollback);
  for (CLI::App* command : {out, back}) {
    command->add_option("--policy", arguments->policy, "Which policy; default: the only one");
    command
        ->add_option("--version", arguments->version,
                     "Its number, such as 7, or 2.7 of incarnation 2; default: the current one")
        ->required(command == back);
  }
  add_versions_serve(*all, exit_code);
  add_versions_pull(*all, exit_code);
}

}  // namespace troupe
