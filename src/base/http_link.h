#pragma once

#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/ssl.hpp>
#include <optional>
#include <string>

#include "base/http.h"
#include "base/http_wait.h"

namespace troupe {

/// A client's connection to a server, with TLS if the URL says so. Used by one thread.
class HttpLink {
 public:
  /// Finds the host, connects, and agrees on TLS; the certificate must be good for the host.
  Status open(const HttpUrl& url, HttpWait& wait);
  [[nodiscard]] bool is_open() const { return open_; }
  void close();
  boost::asio::io_context& context() { return context_; }

  /// Runs one operation of the stream; start(stream, handler) begins it. Closes the connection
  /// unless it succeeds.
  template <class Start>
  Result<std::size_t> run(const char* what, HttpWait& wait, double idle, Start start) {
    bool done = false;
    std::size_t bytes = 0;
    boost::system::error_code error;
    const auto handler = [&](boost::system::error_code e, std::size_t n) {
      done = true;
      error = e;
      bytes = n;
    };
    if (tls_) {
      start(*tls_, handler);
    } else {
      start(*plain_, handler);
    }
    const Status status = wait.wait(
        what, done, error, [this] { close(); }, idle);
    if (status) return bytes;
    close();
    return tl::unexpected(status.error());
  }

 private:
  Status agree_on_tls(const HttpUrl& url, HttpWait& wait);

  boost::asio::io_context context_{1};
  std::optional<boost::asio::ssl::context> settings_;
  std::optional<boost::beast::tcp_stream> plain_;
  std::optional<boost::asio::ssl::stream<boost::beast::tcp_stream>> tls_;
  bool open_ = false;
};

/// What the header Host says.
std::string host_header(const HttpUrl& url);

}  // namespace troupe
