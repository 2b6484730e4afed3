#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/child_pool.h"
#include "troupe/result.h"

namespace troupe {

/// One user program for one episode: a JSON line in, a JSON line out (docs/environments.md).
///
/// The child comes from the pool at the first request and goes back if its last reply was good.
/// Every failure is kUnavailable and names the command, what was asked and expected, and the last
/// lines of the program's standard error; the child is then ended. Not thread-safe.
class LineProgram {
 public:
  LineProgram(std::shared_ptr<ChildPool> pool, double timeout_seconds);
  ~LineProgram();
  LineProgram(const LineProgram&) = delete;
  LineProgram& operator=(const LineProgram&) = delete;

  /// Sends {"`verb`": body} and gives the object that comes back. `expected` shows the reply's form
  /// in error messages.
  Result<nlohmann::json> ask(const std::string& verb, const nlohmann::json& body,
                             const std::string& expected);
  /// The program replied, but not with what the protocol allows: ends it and makes the error.
  Error violation(const std::string& verb, const std::string& what, const std::string& expected);

 private:
  Result<std::string> exchange(const std::string& line);
  Error broken(const std::string& verb, const std::string& what, const std::string& expected);

  std::shared_ptr<ChildPool> pool_;
  double timeout_seconds_;
  ChildPool::Child child_;
  bool failed_ = false;
};

/// `value` as one line of JSON. Bytes that are not UTF-8 become U+FFFD: agents may say anything.
std::string json_line(const nlohmann::json& value);

/// `seed` cut to 53 bits, which every JSON reader keeps exactly.
inline std::uint64_t json_seed(std::uint64_t seed) { return seed >> 11; }

}  // namespace troupe
