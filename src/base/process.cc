#include "base/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>

namespace troupe {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kTail = 2000;
constexpr std::size_t kCompact = 65536;

/// A file descriptor that closes itself.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd() { close_now(); }
  void close_now() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_ = -1;
};

struct Pipe {
  Fd read;
  Fd write;
};

/// Both ends close on exec, so that no other child inherits them. They are numbered 3 or higher,
/// so that the child's dup2 onto 0, 1 and 2 never overwrites one.
Result<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return fail(ErrorCode::kIo, fmt::format("cannot make a pipe: {}", std::strerror(errno)));
  }
  Pipe pipe{Fd(ends[0]), Fd(ends[1])};
  for (Fd* end : {&pipe.read, &pipe.write}) {
    if (end->get() > 2) continue;
    *end = Fd(::fcntl(end->get(), F_DUPFD_CLOEXEC, 3));
    if (end->get() < 0) return fail(ErrorCode::kIo, "cannot duplicate a file descriptor");
  }
  return pipe;
}

/// Keeps a write to a closed pipe from ending this process: SIGPIPE is blocked in this thread, and
/// one that the write raised is taken back before it is unblocked.
class NoSigpipe {
 public:
  NoSigpipe() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &pipe_, &old_);
  }
  ~NoSigpipe() {
    const timespec now{0, 0};
    if (!was_pending_) {
      while (sigtimedwait(&pipe_, nullptr, &now) == -1 && errno == EINTR) {
      }
    }
    pthread_sigmask(SIG_SETMASK, &old_, nullptr);
  }
  NoSigpipe(const NoSigpipe&) = delete;
  NoSigpipe& operator=(const NoSigpipe&) = delete;

 private:
  sigset_t pipe_{};
  sigset_t old_{};
  bool was_pending_ = false;
};

/// False if the kernel forbids it. The system calls themselves: the library's functions would tell
/// threads that a forked child does not have.
bool become_nobody() {
  constexpr unsigned kNobody = 65534;
  return ::geteuid() != 0 || (::syscall(SYS_setgroups, 0, nullptr) == 0 &&
                              ::syscall(SYS_setresgid, kNobody, kNobody, kNobody) == 0 &&
                              ::syscall(SYS_setresuid, kNobody, kNobody, kNobody) == 0);
}

/// False if the kernel does not take a limit.
bool confine(const ProcessLimits& limits) {
  const auto most = [](auto resource, std::uint64_t value, std::uint64_t grace = 0) {
    const rlimit limit{value, value + grace};
    return ::setrlimit(resource, &limit) == 0;
  };
  const bool any = limits.address_space_bytes + limits.file_bytes + limits.cpu_seconds > 0;
  return (!any || most(RLIMIT_CORE, 0)) &&
         (limits.address_space_bytes == 0 || most(RLIMIT_AS, limits.address_space_bytes)) &&
         (limits.file_bytes == 0 || most(RLIMIT_FSIZE, limits.file_bytes)) &&
         // With the grace it is SIGXCPU that ends it, without it would be SIGKILL.
         (limits.cpu_seconds == 0 || most(RLIMIT_CPU, limits.cpu_seconds, 1));
}

/// What runs in the child between fork and exec: only calls that are safe there.
[[noreturn]] void become(char* const* argv, const ProcessLimits& limits, const Pipe& in,
                         const Pipe& out, const Pipe& err, int report, pid_t parent) {
  ::setpgid(0, 0);
  const bool confined = confine(limits) && (!limits.not_root || become_nobody());
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);       // after the change of user, which forgets it
  if (::getppid() != parent) ::_exit(127);  // the parent ended before the line above
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  ::signal(SIGINT, SIG_DFL);
  ::signal(SIGTERM, SIG_DFL);
  if (confined && ::dup2(in.read.get(), 0) == 0 && ::dup2(out.write.get(), 1) == 1 &&
      ::dup2(err.write.get(), 2) == 2) {
    // Descriptors that other code opened without O_CLOEXEC.
    if (::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) != 0) {
      for (int fd = 3; fd < 4096; ++fd) ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    }
    ::execvp(argv[0], argv);
  }
  const int reason = errno;
  while (::write(report, &reason, sizeof reason) == -1 && errno == EINTR) {
  }
  ::_exit(127);
}

}  // namespace

class ChildProcess::Impl {
 public:
  Impl(pid_t pid, Fd in, Fd out, Fd err)
      : pid_(pid), in_(std::move(in)), out_(std::move(out)), err_(std::move(err)) {
    for (const Fd* fd : {&in_, &out_, &err_}) ::fcntl(fd->get(), F_SETFL, O_NONBLOCK);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  ~Impl() {
    if (reaped_) return;  // then the pid may belong to somebody else
    ::kill(-pid_, SIGKILL);
    ::kill(pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) == -1 && errno == EINTR) {
    }
  }

  Status write_line(std::string_view line, double timeout_seconds) {
    const Clock::time_point deadline = after(timeout_seconds);
    std::string bytes(line);
    bytes += '\n';
    std::size_t sent = 0;
    const NoSigpipe guard;
    while (sent < bytes.size()) {
      const ssize_t n = ::write(in_.get(), bytes.data() + sent, bytes.size() - sent);
      if (n > 0) {
        sent += static_cast<std::size_t>(n);
      } else if (n == -1 && errno == EAGAIN) {
        // It may be unable to read because it waits for us to read.
        if (!wait(deadline, true)) return late("to take a line", timeout_seconds);
      } else if (n == -1 && errno != EINTR) {
        return fail(ErrorCode::kIo, "cannot be written to: " + how_it_ended());
      }
    }
    return {};
  }

  Result<std::string> read_line(double timeout_seconds) {
    const Clock::time_point deadline = after(timeout_seconds);
    std::size_t searched = taken_;
    for (;;) {
      const std::size_t end = buffer_.find('\n', searched);
      if (end != std::string::npos && end - taken_ <= kMaxLine) {
        std::string line = buffer_.substr(taken_, end - taken_);
        taken_ = end + 1;
        if (taken_ > kCompact) drop_taken();
        if (!line.empty() && line.back() == '\r') line.pop_back();
        return line;
      }
      drop_taken();
      if (buffer_.size() > kMaxLine) {
        return fail(ErrorCode::kExhausted,
                    fmt::format("wrote a line of more than {} bytes", kMaxLine));
      }
      searched = buffer_.size();
      if (out_.get() < 0) return fail(ErrorCode::kIo, "gave no line: " + how_it_ended());
      if (!wait(deadline, false)) return late("for a line", timeout_seconds);
    }
  }

  [[nodiscard]] int pid() const { return pid_; }
  [[nodiscard]] std::uint64_t output_bytes() const { return output_bytes_; }

  std::optional<ProcessEnding> ending() {
    reap();
    return ending_;
  }

  std::string stderr_tail() {
    drain_stderr();
    std::string text = tail_;
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    return text;
  }

 private:
  static Clock::time_point after(double seconds) {
    return Clock::now() + std::chrono::duration_cast<Clock::duration>(
                              std::chrono::duration<double>(std::clamp(seconds, 0.0, 1e6)));
  }

  static tl::unexpected<Error> late(const char* what, double seconds) {
    return fail(ErrorCode::kDeadline, fmt::format("was waited {} s {}", seconds, what));
  }

  /// Waits for output (and for room to write) and takes what there is. False: the deadline passed.
  bool wait(Clock::time_point deadline, bool to_write) {
    // Reading stops while more than a line's worth is waiting, so that memory stays bounded.
    const bool room = buffer_.size() <= kMaxLine;
    pollfd fds[3] = {{room ? out_.get() : -1, POLLIN, 0},
                     {err_.get(), POLLIN, 0},
                     {to_write ? in_.get() : -1, POLLOUT, 0}};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return false;
    const int ready = ::poll(fds, 3, static_cast<int>(std::min<std::int64_t>(left, 1'000'000)));
    if (ready == -1 && errno != EINTR) return false;
    if (fds[0].revents != 0) take(out_, buffer_);
    if (fds[1].revents != 0) drain_stderr();
    return true;
  }

  /// Appends what can be read now; closes `fd` at its end. Returns whether anything came.
  bool take(Fd& fd, std::string& into) {
    char bytes[65536];
    const ssize_t n = ::read(fd.get(), bytes, sizeof bytes);
    if (n > 0) {
      into.append(bytes, static_cast<std::size_t>(n));
      output_bytes_ += static_cast<std::uint64_t>(n);
    }
    if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR)) fd.close_now();
    return n > 0;
  }

  /// Bounded, so that a child that floods its standard error cannot hold us here.
  void drain_stderr() {
    for (int i = 0; i < 16 && err_.get() >= 0 && take(err_, tail_); ++i) {
      if (tail_.size() > kTail) tail_.erase(0, tail_.size() - kTail);
    }
  }

  /// Not for each line, of which there may be many in the buffer.
  void drop_taken() {
    buffer_.erase(0, taken_);
    taken_ = 0;
  }

  /// True once the child has ended.
  bool reap() {
    int status = 0;
    if (reaped_ || ::waitpid(pid_, &status, WNOHANG) != pid_) return reaped_;
    ::kill(-pid_, SIGKILL);  // what is left of its group
    reaped_ = true;
    drain_stderr();
    ending_ = WIFSIGNALED(status) ? ProcessEnding{0, WTERMSIG(status)}
                                  : ProcessEnding{WEXITSTATUS(status), 0};
    return true;
  }

  /// How the child ended, if it did within a moment of closing its pipes.
  std::string how_it_ended() {
    drain_stderr();
    for (int i = 0; i < 50 && !reap(); ++i) ::poll(nullptr, 0, 2);
    if (!reaped_) return "it closed its pipe but still runs";
    if (ending_->signal != 0) return fmt::format("it was ended by signal {}", ending_->signal);
    return fmt::format("it ended with exit status {}", ending_->status);
  }

  pid_t pid_;
  Fd in_;
  Fd out_;
  Fd err_;
  std::string buffer_;
  std::size_t taken_ = 0;  ///< of the buffer, as lines
  std::string tail_;
  std::uint64_t output_bytes_ = 0;
  bool reaped_ = false;
  std::optional<ProcessEnding> ending_;
};

ChildProcess::ChildProcess(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ChildProcess::~ChildProcess() = default;

Result<std::unique_ptr<ChildProcess>> ChildProcess::start(const std::vector<std::string>& argv,
                                                          const ProcessLimits& limits) {
  if (argv.empty() || argv[0].empty()) {
    return fail(ErrorCode::kInvalid, "a command needs a program to run");
  }
  TROUPE_ASSIGN(Pipe in, make_pipe());
  TROUPE_ASSIGN(Pipe out, make_pipe());
  TROUPE_ASSIGN(Pipe err, make_pipe());
  TROUPE_ASSIGN(Pipe report, make_pipe());
  std::vector<std::string> words = argv;
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid == -1) {
    return fail(ErrorCode::kIo,
                fmt::format("cannot start '{}': {}", argv[0], std::strerror(errno)));
  }
  if (pid == 0) become(pointers.data(), limits, in, out, err, report.write.get(), parent);
  ::setpgid(pid, pid);  // here too: whoever comes first
  report.write.close_now();
  auto impl =
      std::make_unique<Impl>(pid, std::move(in.write), std::move(out.read), std::move(err.read));
  int reason = 0;
  ssize_t n = 0;
  do {
    n = ::read(report.read.get(), &reason, sizeof reason);
  } while (n == -1 && errno == EINTR);
  if (n != 0) {  // exec failed; a successful one closes the pipe without a word
    return fail(ErrorCode::kInvalid,
                fmt::format("cannot run '{}': {}; give a program in PATH or its full path", argv[0],
                            std::strerror(reason)));
  }
  return std::unique_ptr<ChildProcess>(new ChildProcess(std::move(impl)));
}

Status ChildProcess::write_line(std::string_view line, double timeout_seconds) {
  return impl_->write_line(line, timeout_seconds);
}

Result<std::string> ChildProcess::read_line(double timeout_seconds) {
  return impl_->read_line(timeout_seconds);
}

int ChildProcess::pid() const { return impl_->pid(); }

std::uint64_t ChildProcess::output_bytes() const { return impl_->output_bytes(); }

std::optional<ProcessEnding> ChildProcess::ending() { return impl_->ending(); }

std::string ChildProcess::stderr_tail() { return impl_->stderr_tail(); }

}  // namespace troupe
