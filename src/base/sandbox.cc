#include "base/sandbox.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "base/process.h"

namespace troupe {
namespace {

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

bool is_root() { return ::geteuid() == 0; }

/// Whether the kernel will bound how many processes there are.
bool bounded(const SandboxFence& fence) {
  return fence.processes > 0 && (fence.as_nobody || !is_root());
}

std::vector<std::string> bubblewrap_words(const SandboxFence& fence) {
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
  const std::string here = fence.as_nobody && is_root() ? "/tmp" : working_folder();
  if (here.starts_with("/tmp/") || here.starts_with("/run/")) {
    words.insert(words.end(), {"--ro-bind", here, here});
  }
  if (!here.empty()) words.insert(words.end(), {"--chdir", here});
  words.emplace_back("--");
  if (bounded(fence)) {
    // Only inside the new user namespace does the limit count the sandbox's processes alone.
    words.emplace_back("prlimit");
    words.push_back(fmt::format("--nproc={0}:{0}", fence.processes));
  }
  return words;
}

/// Whether this machine lets bubblewrap do its work.
Status try_bubblewrap(std::vector<std::string> words, const ProcessLimits& limits) {
  const char* const remedy =
      "install Debian's package bubblewrap and allow user namespaces, or run without a sandbox";
  if (find_program("bwrap").empty()) {
    return fail(ErrorCode::kUnavailable, fmt::format("there is no program bwrap; {}", remedy));
  }
  words.insert(words.end(), {"/bin/sh", "-c", "echo ready"});
  TROUPE_ASSIGN(const auto child, ChildProcess::start(words, limits));
  const auto line = child->read_line(30);
  if (line && *line == "ready") return {};
  return fail(ErrorCode::kUnavailable,
              fmt::format("bubblewrap cannot work here ({}); {}", child->stderr_tail(), remedy));
}

}  // namespace

Result<Sandbox> Sandbox::make(Kind kind, std::vector<std::string> argv, const SandboxFence& fence) {
  if (argv.empty() || find_program(argv[0]).empty()) {
    return fail(ErrorCode::kNotFound,
                fmt::format("cannot run '{}'; give a program in PATH or its full path",
                            argv.empty() ? "" : argv[0]));
  }
  Sandbox out;
  out.limits_ = {fence.address_space_bytes, fence.file_bytes, fence.cpu_seconds, fence.as_nobody};
  out.bounded_ = bounded(fence);
  if (kind == Kind::kBubblewrap) {
    out.argv_ = bubblewrap_words(fence);
    TROUPE_TRY(try_bubblewrap(out.argv_, out.limits_));
    out.own_ = 2;  // the one outside, and the first process inside
  }
  out.argv_.insert(out.argv_.end(), argv.begin(), argv.end());
  return out;
}

Result<SandboxWorker> Sandbox::start() const {
  TROUPE_ASSIGN(auto child, ChildProcess::start(argv_, limits_));
  return SandboxWorker(std::move(child), own_, bounded_);
}

Result<SandboxReply> Sandbox::ask(std::string_view line, const SandboxLimits& limits) const {
  TROUPE_ASSIGN(auto worker, start());
  return worker.ask(line, limits);
}

}  // namespace troupe
