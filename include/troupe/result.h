#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace troupe {

/// Why something failed; decides the exit code and whether a retry makes sense.
enum class ErrorCode {
  kInvalid,      ///< The user's input is wrong; the message says what, where and what to do.
  kNotFound,     ///< A named thing does not exist.
  kIo,           ///< The disk, a pipe or a child process failed.
  kNoSpace,      ///< The disk is full.
  kExhausted,    ///< A budget would be exceeded.
  kDeadline,     ///< A wait ran past its deadline; the message says what it waited for.
  kCancelled,    ///< Stopped on request.
  kUnavailable,  ///< An infrastructure failure outside the agent's control; may be retried.
  kNonFinite,    ///< A computation gave NaN or infinity.
  kInternal,     ///< A bug in Troupe.
};

/// An error value. Module borders return these; they do not throw.
struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;
};

template <class T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

[[nodiscard]] inline tl::unexpected<Error> fail(ErrorCode code, std::string message) {
  return tl::unexpected<Error>(Error{code, std::move(message)});
}

/// Puts "where: " before an error's message and passes it on.
[[nodiscard]] inline tl::unexpected<Error> within(const std::string& where, Error error) {
  error.message = where + ": " + error.message;
  return tl::unexpected<Error>(std::move(error));
}

}  // namespace troupe

#define TROUPE_CONCAT_(a, b) a##b
#define TROUPE_CONCAT(a, b) TROUPE_CONCAT_(a, b)

/// Returns the error of a Status or Result from the enclosing function.
#define TROUPE_TRY(expression)                                                       \
  do {                                                                               \
    auto troupe_status_ = (expression);                                              \
    if (!troupe_status_) return ::tl::unexpected(std::move(troupe_status_.error())); \
  } while (false)

/// TROUPE_ASSIGN(auto x, f()): x is the value of the Result, or the error is returned.
#define TROUPE_ASSIGN(declaration, expression) \
  TROUPE_ASSIGN_(declaration, expression, TROUPE_CONCAT(troupe_result_, __LINE__))
#define TROUPE_ASSIGN_(declaration, expression, temporary)               \
  auto temporary = (expression);                                         \
  if (!temporary) return ::tl::unexpected(std::move(temporary.error())); \
  declaration = std::move(*temporary)
