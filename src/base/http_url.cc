#include <fmt/format.h>

#include <algorithm>

#include "base/http.h"

namespace troupe {
namespace {

bool is_port(const std::string& text) {
  return !text.empty() && text.size() <= 5 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; }) &&
         std::stoi(text) >= 1 && std::stoi(text) <= 65535;
}

}  // namespace

std::string HttpUrl::text() const {
  const bool is_address = host.find(':') != std::string::npos;
  return fmt::format("{}://{}:{}{}", tls ? "https" : "http", is_address ? "[" + host + "]" : host,
                     port, path);
}

Result<HttpUrl> parse_url(const std::string& text) {
  const auto wrong = [&](const char* what) {
    return fail(ErrorCode::kInvalid,
                fmt::format("'{}' {}; expected http://HOST:PORT/PATH or https://...", text, what));
  };
  HttpUrl url;
  std::size_t at = 0;
  if (text.starts_with("https://")) {
    url.tls = true;
    at = 8;
  } else if (text.starts_with("http://")) {
    at = 7;
  } else {
    return wrong("is no URL");
  }
  for (const char c : text) {
    if (c <= ' ' || c == '\x7f') return wrong("holds a space or a control character");
  }
  const std::size_t end = std::min(text.find_first_of("/?#", at), text.size());
  std::string place = text.substr(at, end - at);
  url.path = text.substr(end, text.find('#', end) - end);
  if (!url.path.starts_with("/")) url.path = "/" + url.path;
  if (place.find('@') != std::string::npos) {
    return fail(ErrorCode::kInvalid,
                "a URL must not hold a user or password; give a token instead");
  }
  const bool bracketed = place.starts_with("[");
  const std::size_t close = bracketed ? place.find(']') : 0;
  if (close == std::string::npos) return wrong("lacks a ]");
  const std::size_t colon = place.find(':', close);
  url.host = bracketed ? place.substr(1, close - 1) : place.substr(0, colon);
  url.port = url.tls ? "443" : "80";
  if (colon != std::string::npos) url.port = place.substr(colon + 1);
  if (url.host.empty()) return wrong("names no host");
  if (!is_port(url.port)) return wrong("has a port outside 1 to 65535");
  return url;
}

}  // namespace troupe
