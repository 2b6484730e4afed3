#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/http.h"

namespace troupe {

/// What a client asks for.
struct HttpGet {
  std::string path;  ///< begins with '/'
  /// Bytes first to last of the body, both included (RFC 9110, section 14.1.2).
  std::optional<std::pair<std::uint64_t, std::uint64_t>> range = std::nullopt;
  /// With a range: a strong entity tag, with its quotes. If the server's differs it sends the whole
  /// body (RFC 9110, section 13.1.5).
  std::string if_range = "";
  double timeout_seconds = 60;  ///< for all of it
  double idle_seconds = 20;     ///< for any one piece
};

/// What the server said before the body.
struct HttpHead {
  int status = 0;
  std::uint64_t length = 0;  ///< of the body
  std::string etag;          ///< "" if it gave none
  /// Of status 206: where the body begins in the whole, and the whole's length.
  std::uint64_t first = 0, whole = 0;
};

/// Takes the body, piece by piece, in order; an error ends the request. A piece is borrowed.
using HttpSink = std::function<Status(const HttpHead& head, std::string_view piece)>;

/// Gets things from one server, over a connection that is kept between requests. Blocks; used by
/// one thread at a time.
class HttpClient {
 public:
  /// `server`: its path is not used. `token` not empty: sent as "Authorization: Bearer".
  HttpClient(HttpUrl server, std::string token);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// The body of a status 200 or 206 goes to the sink, any other is dropped. Any status is success;
  /// otherwise kDeadline, kUnavailable (as http_post(); also a body that ends early, and a reply
  /// that does not say its length or whose range is not the one that was asked for), or the sink's
  /// error. What the sink has taken by then is what came, in order.
  Result<HttpHead> get(const HttpGet& request, const HttpSink& sink);
  /// The same with the body as text, at most `most` bytes of it, whatever the status.
  Result<HttpReply> get_text(const HttpGet& request, std::size_t most = kMaxReply);

 private:
  struct State;
  Result<HttpHead> exchange(const HttpGet& request, bool all_statuses, const HttpSink& sink);
  Result<HttpHead> guarded(const HttpGet& request, bool all_statuses, const HttpSink& sink);
  std::unique_ptr<State> state_;
};

}  // namespace troupe
