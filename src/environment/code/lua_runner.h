#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/sandbox_pool.h"
#include "environment/code/problem.h"

namespace troupe {

/// What became of an answer that was run on some inputs.
struct LuaRun {
  /// What it ran into, which ended it; or what was kept from it, as far as its errors say.
  SandboxLimit limit = SandboxLimit::kNone;
  bool compiled = false;  ///< false: `error` is the syntax error, or it did not get to the end
  std::string error;      ///< the first error, at most kLongestError bytes; "" if there was none
  /// By input: what it gave. None: an error, or a value that is no integer and no text.
  std::vector<std::optional<CodeValue>> results;
};

/// Runs Lua code that nobody has looked at, each answer in a sandbox of its own
/// (base/sandbox_pool).
///
/// The code is the body of a function of `x`. It has all of Lua's libraries. What it prints is
/// output and never its result; results leave the sandbox to be compared outside, so that the code
/// never sees what is wanted of it. An answer that breaks the program that runs it has broken only
/// its own result. Thread-safe; run() blocks.
class LuaRunner {
 public:
  struct Options {
    int ready = 4;  ///< sandboxes kept started
    SandboxLimits limits;
  };
  static constexpr std::size_t kLongestError = 200;
  static constexpr std::size_t kLongestText = 4096;  ///< of a result

  /// kUnavailable: there is no Lua, or bubblewrap cannot work; says what to install.
  static Result<std::unique_ptr<LuaRunner>> make(Options options);

  /// Errors are failures that the code did not cause (SandboxWorker::ask).
  Result<LuaRun> run(const std::string& code, const std::vector<CodeValue>& inputs);

 private:
  LuaRunner(Sandbox sandbox, const Options& options);

  SandboxLimits limits_;
  SandboxPool pool_;
};

/// A value as Lua writes it, on one line.
std::string lua_literal(const CodeValue& value);

}  // namespace troupe
