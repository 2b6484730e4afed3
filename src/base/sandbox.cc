#include "base/sandbox.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>

#include "base/process.h"
#include "base/process_tree.h"

namespace troupe {
namespace {

using Clock = std::chrono::steady_clock;
constexpr double kLook = 0.01;  // seconds between two looks at what it uses

/// Where a shell would find the program; "" if nowhere.
std::string find_program(const std::string& name) {
  const auto runs = [](const std::string& path) { return ::access(path.c_str(), X_OK) == 0; };
  if (name.find('/') != std::string::npos) return runs(name) ? name : "";
  const char* variable = std::getenv("PATH");
  std::string folders = variable != nullptr ? variable : "/usr/bin:/bin";
  for (std::size_t at = 0; at <= folders.size();) {
    const std::size_t end = std::min(folders.find(':', at), folders.size());
    const std::string path = folders.substr(at, end - at) + "/" + name;
    if (runs(path)) return path;
    at = end + 1;
  }
  return "";
}

std::string working_folder() {
  std::error_code error;
  return std::filesystem::current_path(error).string();
}

std::vector<std::string> bubblewrap_words() {
  const std::string scratch = std::to_string(Sandbox::kScratchBytes);
  std::vector<std::string> words = {"bwrap",
                                    "--unshare-all",
                                    "--die-with-parent",
                                    "--new-session",
                                    "--cap-drop",
                                    "ALL",
                                    "--ro-bind",
                                    "/",
                                    "/",
                                    "--proc",
                                    "/proc",
                                    "--dev",
                                    "/dev",
                                    "--remount-ro",
                                    "/dev",
                                    "--size",
                                    scratch,
                                    "--tmpfs",
                                    "/dev/shm",
                                    "--size",
                                    scratch,
                                    "--tmpfs",
                                    "/tmp",
                                    "--size",
                                    "65536",
                                    "--tmpfs",
                                    "/run",
                                    "--clearenv",
                                    "--setenv",
                                    "HOME",
                                    "/tmp"};
  for (const char* name : {"PATH", "LANG", "LC_ALL"}) {
    if (const char* value = std::getenv(name)) {
      words.insert(words.end(), {"--setenv", name, value});
    }
  }
  // Where the run was started stays visible, also below a folder that was emptied above.
  const std::string here = working_folder();
  if (here.starts_with("/tmp/") || here.starts_with("/run/")) {
    words.insert(words.end(), {"--ro-bind", here, here});
  }
  if (!here.empty()) words.insert(words.end(), {"--chdir", here});
  words.emplace_back("--");
  return words;
}

/// Whether this machine lets bubblewrap do its work.
Status try_bubblewrap() {
  const char* const remedy =
      "install Debian's package bubblewrap and allow user namespaces, or run without a sandbox";
  if (find_program("bwrap").empty()) {
    return fail(ErrorCode::kUnavailable, fmt::format("there is no program bwrap; {}", remedy));
  }
  std::vector<std::string> words = bubblewrap_words();
  words.insert(words.end(), {"/bin/sh", "-c", "echo ready"});
  TROUPE_ASSIGN(const auto child, ChildProcess::start(words));
  const auto line = child->read_line(30);
  if (line && *line == "ready") return {};
  return fail(ErrorCode::kUnavailable,
              fmt::format("bubblewrap cannot work here ({}); {}", child->stderr_tail(), remedy));
}

}  // namespace

const char* limit_name(SandboxLimit limit) {
  switch (limit) {
    case SandboxLimit::kNone:
      return "none";
    case SandboxLimit::kTime:
      return "time";
    case SandboxLimit::kMemory:
      return "memory";
    case SandboxLimit::kThreads:
      return "processes";
    case SandboxLimit::kOutput:
      return "output";
  }
  return "none";
}

Result<Sandbox> Sandbox::make(Kind kind, std::vector<std::string> argv) {
  if (argv.empty() || find_program(argv[0]).empty()) {
    return fail(ErrorCode::kNotFound,
                fmt::format("cannot run '{}'; give a program in PATH or its full path",
                            argv.empty() ? "" : argv[0]));
  }
  Sandbox out;
  if (kind == Kind::kBubblewrap) {
    TROUPE_TRY(try_bubblewrap());
    out.argv_ = bubblewrap_words();
    out.own_ = 2;  // the one outside, and the first process inside
  }
  out.argv_.insert(out.argv_.end(), argv.begin(), argv.end());
  return out;
}

Result<SandboxReply> Sandbox::ask(std::string_view line, const SandboxLimits& limits) const {
  TROUPE_ASSIGN(const auto child, ChildProcess::start(argv_));
  const auto began = Clock::now();
  const double patience = 4 * limits.seconds + 10;
  double starved = 0;
  double cpu = 0;
  const auto wall = [&] { return std::chrono::duration<double>(Clock::now() - began).count(); };
  const auto counted = [&] { return std::max(cpu, wall() - starved); };
  const auto reply = [&](SandboxLimit limit, std::string text) {
    return SandboxReply{limit, std::move(text), counted()};
  };
  const auto broken = [&](const Error& error) {
    const std::string last_words = child->stderr_tail();
    return fail(error.code == ErrorCode::kDeadline ? error.code : ErrorCode::kUnavailable,
                error.message + (last_words.empty() ? "" : "; its last errors: " + last_words));
  };
  const Status written = child->write_line(line, patience);
  if (!written) return broken(written.error());
  while (true) {
    auto read = child->read_line(kLook);
    if (read) return reply(SandboxLimit::kNone, std::move(*read));
    if (read.error().code == ErrorCode::kExhausted) return reply(SandboxLimit::kOutput, "");
    if (read.error().code != ErrorCode::kDeadline) return broken(read.error());
    const TreeUsage usage = tree_usage(child->pid());
    starved = std::max(starved, usage.starved_seconds);
    cpu = std::max(cpu, usage.cpu_seconds);
    if (usage.resident_bytes > limits.memory_bytes) return reply(SandboxLimit::kMemory, "");
    if (usage.threads - own_ > limits.threads) return reply(SandboxLimit::kThreads, "");
    if (counted() > limits.seconds) return reply(SandboxLimit::kTime, "");
    if (wall() > patience) {
      return broken(Error{ErrorCode::kDeadline,
                          fmt::format("got a processor for only {:.1f} of {:.1f} s, because the "
                                      "machine was too busy",
                                      counted(), wall())});
    }
  }
}

}  // namespace troupe
