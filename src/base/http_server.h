#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/disk.h"

namespace troupe {

/// What a client asks a server for.
struct HttpAsked {
  std::string path;  ///< begins with '/', query included
};

/// A whole body, of which the server sends what was asked for.
struct HttpBody {
  int status = 200;
  std::string type = "application/json";
  std::string etag = "";  ///< with its quotes; "" if none
  std::string text = "";
  std::shared_ptr<const FileView> file = nullptr;  ///< in place of `text`
};

struct HttpServerOptions {
  std::string address = "127.0.0.1";  ///< an address of this machine; others: 0.0.0.0 or ::
  std::uint16_t port = 0;             ///< 0: a free one
  std::string token;                  ///< who does not send it gets 401; never empty
  std::uint32_t most_header = 8192;   ///< bytes
  int most_connections = 64;          ///< more get 503
  double idle_seconds = 30;           ///< to send a request, and to take a piece of the answer
};

/// Answers GET and HEAD over HTTP/1.1, with ranges of bytes (http_range.h), several clients at
/// once, each on a thread. Files are sent from their view, without a copy of them in memory. No
/// TLS: between machines put a proxy before it, or trust the network.
class HttpServer {
 public:
  /// Called on several threads at once; must not throw.
  using Handler = std::function<HttpBody(const HttpAsked&)>;

  /// kInvalid: no token, or no address of this machine; kUnavailable: the port is taken.
  static Result<std::unique_ptr<HttpServer>> listen(HttpServerOptions options, Handler handler);
  /// Breaks the connections that there are and waits for their threads.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  /// Such as http://127.0.0.1:4711, without a slash at its end.
  [[nodiscard]] std::string url() const;

 private:
  class State;
  explicit HttpServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Whether two texts are equal, in a time that says nothing about where they differ.
bool same_secret(const std::string& a, const std::string& b);

}  // namespace troupe
