#include "base/sandbox_worker.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <optional>

namespace troupe {
namespace {

constexpr double kLook = 0.01;  // seconds between two looks at what it uses

/// What the exit status says of a program that the kernel ended inside: the sandbox passes a signal
/// on as 128 and its number, as shells do.
SandboxLimit limit_of(const ProcessEnding& ending) {
  const int signal = ending.signal != 0 ? ending.signal : ending.status - 128;
  if (signal == SIGXFSZ) return SandboxLimit::kSpace;
  if (signal == SIGXCPU) return SandboxLimit::kTime;
  return SandboxLimit::kExit;
}

}  // namespace

/// Measures what a program uses for its line, from the moment at which it gets it.
class SandboxWorker::Watch {
 public:
  Watch(const ChildProcess& child, int own, const SandboxLimits& limits)
      : child_(child),
        own_(own),
        limits_(limits),
        before_(tree_usage(child.pid())),
        output_before_(child.output_bytes()),
        began_(Clock::now()) {}

  [[nodiscard]] double wall() const {
    return std::chrono::duration<double>(Clock::now() - began_).count();
  }
  [[nodiscard]] double counted() const { return std::max(cpu_, wall() - starved_); }
  [[nodiscard]] double patience() const { return 4 * limits_.seconds + 10; }

  [[nodiscard]] bool said_too_much() const {
    return child_.output_bytes() - output_before_ > limits_.output_bytes;
  }

  /// Not more often than every kLook seconds, whatever the program writes meanwhile.
  SandboxLimit look() {
    if (wall() < next_look_) return SandboxLimit::kNone;
    next_look_ = wall() + kLook;
    const TreeUsage usage = tree_usage(child_.pid());
    cpu_ = std::max(cpu_, usage.cpu_seconds - before_.cpu_seconds);
    for (const auto& [thread, seconds] : usage.starved_seconds) {
      const auto at = before_.starved_seconds.find(thread);
      const double earlier = at == before_.starved_seconds.end() ? 0 : at->second;
      starved_ = std::max(starved_, seconds - earlier);
    }
    // Processes first: a crowd of them takes memory, too.
    if (usage.threads - own_ > limits_.threads) return SandboxLimit::kThreads;
    if (usage.resident_bytes > limits_.memory_bytes) return SandboxLimit::kMemory;
    if (counted() > limits_.seconds) return SandboxLimit::kTime;
    return SandboxLimit::kNone;
  }

 private:
  using Clock = std::chrono::steady_clock;
  const ChildProcess& child_;
  int own_;
  const SandboxLimits& limits_;
  TreeUsage before_;
  std::uint64_t output_before_;
  Clock::time_point began_;
  double starved_ = 0;
  double cpu_ = 0;
  double next_look_ = kLook / 2;
};

Error SandboxWorker::broken(const Error& error) {
  const std::string last_words = child_->stderr_tail();
  return {error.code == ErrorCode::kDeadline ? error.code : ErrorCode::kUnavailable,
          error.message + (last_words.empty() ? "" : "; its last errors: " + last_words)};
}

Status SandboxWorker::greet(const std::string& greeting, double seconds) {
  const auto line = child_->read_line(seconds);
  if (!line) {
    Error error = broken(line.error());
    error.code = ErrorCode::kUnavailable;
    return within("a program in a sandbox did not come up", std::move(error));
  }
  greeted_ = *line == greeting;
  if (greeted_) return {};
  return fail(ErrorCode::kUnavailable,
              fmt::format("a program in a sandbox said '{}' in place of '{}' as its first line",
                          line->substr(0, 100), greeting));
}

Result<SandboxReply> SandboxWorker::ask(std::string_view line, const SandboxLimits& limits,
                                        std::string_view marker) {
  Watch watch(*child_, own_, limits);
  const auto reply = [&](SandboxLimit limit, std::string text) {
    return SandboxReply{limit, std::move(text), watch.counted(), child_->stderr_tail()};
  };
  const auto ended = [&](const Error& error) -> Result<SandboxReply> {
    const std::optional<ProcessEnding> ending = child_->ending();
    // A signal to bubblewrap itself comes from outside: nothing inside can send one.
    if (!greeted_ || !ending || (own_ > 0 && ending->signal != 0)) {
      return tl::unexpected(broken(error));
    }
    return reply(limit_of(*ending), "");
  };
  const Status written = child_->write_line(line, watch.patience());
  if (!written) return ended(written.error());
  while (true) {
    auto read = child_->read_line(kLook);
    if (watch.said_too_much()) return reply(SandboxLimit::kOutput, "");
    if (read && read->starts_with(marker)) {
      return reply(SandboxLimit::kNone, read->substr(marker.size()));
    }
    if (!read && read.error().code == ErrorCode::kExhausted) {
      return reply(SandboxLimit::kOutput, "");
    }
    if (!read && read.error().code != ErrorCode::kDeadline) return ended(read.error());
    const SandboxLimit limit = watch.look();
    if (limit != SandboxLimit::kNone) return reply(limit, "");
    if (bounded_ && !read && refused_by(child_->stderr_tail()) == SandboxLimit::kThreads) {
      return reply(SandboxLimit::kThreads, "");
    }
    if (watch.wall() > watch.patience()) {
      return tl::unexpected(
          broken({ErrorCode::kDeadline,
                  fmt::format("got a processor for only {:.1f} of {:.1f} s, because the "
                              "machine was too busy",
                              watch.counted(), watch.wall())}));
    }
  }
}

}  // namespace troupe
