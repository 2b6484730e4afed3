#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "troupe/result.h"

namespace troupe {

/// Where a request goes.
struct HttpUrl {
  bool tls = false;
  std::string host;
  std::string port;  ///< "80" or "443" if the URL has none
  std::string path;  ///< begins with '/', query included
  [[nodiscard]] std::string text() const;
};

/// http://HOST[:PORT][/PATH] or https://...; an IPv6 address stands in brackets. kInvalid says what
/// is wrong; a user or password in the URL is refused.
Result<HttpUrl> parse_url(const std::string& text);

struct HttpReply {
  int status = 0;
  std::string body;
};

/// Sends `body` as JSON in one POST over a connection of its own and reads the reply, at most
/// kMaxReply bytes of it. `token` not empty: sent as "Authorization: Bearer". No redirects are
/// followed. With TLS the certificate must be good for the host (the system's authorities).
///
/// Any status is a reply. kDeadline after `timeout_seconds`; kUnavailable: the host is unknown, the
/// connection was refused or broke, or what came back is no HTTP.
/// Blocks; any number of threads may call it.
Result<HttpReply> http_post(const HttpUrl& url, std::string_view body, const std::string& token,
                            double timeout_seconds);
constexpr std::size_t kMaxReply = std::size_t{1} << 20;

}  // namespace troupe
