#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <optional>
#include <string_view>

#include "base/http_server.h"
#include "base/http_wait.h"

namespace troupe {

/// One connection of an HttpServer: reads requests and answers them until the client leaves, is too
/// slow, or says what is no request. stop() may be called by any thread, the rest by one.
class HttpServing {
 public:
  HttpServing(const HttpServerOptions& options, const HttpServer::Handler& handler)
      : options_(options), handler_(handler) {}
  boost::asio::io_context& context() { return context_; }
  void take(boost::asio::ip::tcp::socket socket);
  void serve();
  /// Answers 503 in place of serve().
  void refuse();
  void stop();

 private:
  using Request = boost::beast::http::request_parser<boost::beast::http::empty_body>;
  template <class Start>
  Status run(const char* what, Start start);
  /// Reads a request and answers it; false ends the connection.
  bool serve_one();
  bool answer(const boost::beast::http::request<boost::beast::http::empty_body>& request);
  bool send(HttpBody body, int version, bool head, bool keep, std::string_view range,
            std::string_view if_range);
  Status send_bytes(std::string_view bytes, const FileView* file);
  bool complain(int status, const char* what);

  const HttpServerOptions& options_;
  const HttpServer::Handler& handler_;
  boost::asio::io_context context_{1};
  std::optional<boost::asio::ip::tcp::socket> socket_;
  std::atomic<int> descriptor_ = -1;
  boost::beast::flat_buffer buffer_;
};

}  // namespace troupe
