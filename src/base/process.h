#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "troupe/result.h"

namespace troupe {

/// What the kernel lets a child use, and each of its descendants by itself (setrlimit(2)). 0: as
/// much as we may. With any of them set it leaves no core dump.
struct ProcessLimits {
  std::uint64_t address_space_bytes = 0;  ///< beyond it memory is refused
  std::uint64_t file_bytes = 0;           ///< a write beyond it ends the writer by SIGXFSZ
  std::uint64_t cpu_seconds = 0;          ///< beyond it the process is ended by SIGXCPU
  bool not_root = false;                  ///< if we are root, the child is nobody (uid 65534)
};

/// How a child ended: by itself with `status`, or by `signal` (then not 0).
struct ProcessEnding {
  int status = 0;
  int signal = 0;
};

/// A child process that is spoken to in lines: one line to its standard input, one line back from
/// its standard output. Its last words on standard error are kept for error messages.
///
/// The child runs without a shell, in its own process group (a Ctrl-C of the terminal does not
/// reach it), with no file descriptor of ours but the three pipes. It is killed, with its group,
/// and reaped when this object goes, and by the kernel when the thread that started it ends. Not
/// thread-safe. Every wait has a deadline. After any error the child is of no further use, but for
/// kDeadline of read_line: the line may still come.
class ChildProcess {
 public:
  /// Longest line that is read, in bytes.
  static constexpr std::size_t kMaxLine = std::size_t{1} << 20;

  /// Starts `argv[0]`, searched in PATH. kInvalid if it cannot be executed; kIo if the machine has
  /// no process or pipe left.
  static Result<std::unique_ptr<ChildProcess>> start(const std::vector<std::string>& argv,
                                                     const ProcessLimits& limits = {});
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  /// Writes `line` and a newline. kDeadline, or kIo if the child closed its input or ended.
  Status write_line(std::string_view line, double timeout_seconds);
  /// The next line without its newline. kDeadline; kIo if the output ended; kExhausted if the line
  /// is longer than kMaxLine.
  Result<std::string> read_line(double timeout_seconds);
  /// Its process id, for measurements; gone once an error said that it ended.
  [[nodiscard]] int pid() const;
  /// Bytes read so far of standard output and standard error together.
  [[nodiscard]] std::uint64_t output_bytes() const;
  /// How it ended; none: it still runs.
  [[nodiscard]] std::optional<ProcessEnding> ending();
  /// The last 2,000 bytes or fewer of standard error, without the newline at the end.
  std::string stderr_tail();

 private:
  class Impl;
  explicit ChildProcess(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace troupe
