#include "environment/command/line_program.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

namespace troupe {

using nlohmann::json;

std::string json_line(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

LineProgram::LineProgram(std::shared_ptr<ChildPool> pool, double timeout_seconds)
    : pool_(std::move(pool)), timeout_seconds_(timeout_seconds) {}

LineProgram::~LineProgram() {
  if (child_.process) pool_->give(std::move(child_.process));
}

Result<std::string> LineProgram::exchange(const std::string& line) {
  TROUPE_TRY(child_.process->write_line(line, timeout_seconds_));
  return child_.process->read_line(timeout_seconds_);
}

Result<json> LineProgram::ask(const std::string& verb, const json& body,
                              const std::string& expected) {
  if (failed_) return tl::unexpected(broken(verb, "it failed before", expected));
  if (!child_.process) {
    Result<ChildPool::Child> child = pool_->take();
    if (!child) return tl::unexpected(broken(verb, child.error().message, expected));
    child_ = std::move(*child);
  }
  const std::string request = json_line(json{{verb, body}});
  Result<std::string> reply = exchange(request);
  if (!reply && child_.reused && reply.error().code == ErrorCode::kIo) {
    // It ended while it was idle, which is no fault of this episode.
    Result<ChildPool::Child> child = pool_->start();
    if (!child) return tl::unexpected(broken(verb, child.error().message, expected));
    child_ = std::move(*child);
    reply = exchange(request);
  }
  if (!reply) return tl::unexpected(broken(verb, "it " + reply.error().message, expected));
  child_.reused = false;
  json value = json::parse(*reply, nullptr, false);
  if (value.is_object()) return value;
  constexpr std::size_t kShown = 200;
  return tl::unexpected(broken(
      verb,
      fmt::format("it replied {}, which is not a JSON object", json_line(reply->substr(0, kShown))),
      expected));
}

Error LineProgram::violation(const std::string& verb, const std::string& what,
                             const std::string& expected) {
  return broken(verb, what, expected);
}

Error LineProgram::broken(const std::string& verb, const std::string& what,
                          const std::string& expected) {
  const std::string last_words = child_.process ? child_.process->stderr_tail() : "";
  child_.process = nullptr;
  failed_ = true;
  return Error{
      ErrorCode::kUnavailable,
      fmt::format("command '{}' on {}: {}; expected {}{}", fmt::join(pool_->argv(), " "), verb,
                  what, expected,
                  last_words.empty() ? "" : "; its last errors: " + json_line(last_words))};
}

}  // namespace troupe
