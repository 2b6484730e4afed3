#include "base/http.h"

#include <fmt/format.h>

#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <chrono>

namespace troupe {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;
using Tcp = asio::ip::tcp;

/// Runs one operation after the other, all of them within one deadline.
class Deadline {
 public:
  explicit Deadline(double seconds)
      : seconds_(seconds),
        end_(std::chrono::steady_clock::now() +
             std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                 std::chrono::duration<double>(seconds))) {}

  /// Waits until `done` is set; `cancel` must make the operation end early.
  template <class Cancel>
  Status wait(const char* what, const bool& done, const error_code& error, Cancel cancel) {
    context.restart();
    while (!done && context.run_one_until(end_) > 0) {
    }
    if (!done) {
      cancel();
      context.restart();
      while (!done && context.run_one() > 0) {  // its handler points into our frame
      }
      return fail(ErrorCode::kDeadline, fmt::format("was waited {} s for {}", seconds_, what));
    }
    if (!error) return {};
    return fail(ErrorCode::kUnavailable, fmt::format("failed to {}: {}", what, error.message()));
  }

  asio::io_context context{1};

 private:
  double seconds_;
  std::chrono::steady_clock::time_point end_;
};

/// The request over a stream that is connected.
template <class Stream>
Result<HttpReply> exchange(Stream& stream, Deadline& deadline, const HttpUrl& url,
                           std::string_view body, const std::string& token) {
  http::request<http::string_body> request(http::verb::post, url.path, 11);
  const bool usual = url.port == (url.tls ? "443" : "80");
  const bool is_address = url.host.find(':') != std::string::npos;
  const std::string host = is_address ? "[" + url.host + "]" : url.host;
  request.set(http::field::host, usual ? host : host + ":" + url.port);
  request.set(http::field::user_agent, "troupe");
  request.set(http::field::content_type, "application/json");
  request.set(http::field::accept, "application/json");
  if (!token.empty()) request.set(http::field::authorization, "Bearer " + token);
  request.body() = std::string(body);
  request.keep_alive(false);
  request.prepare_payload();

  auto& socket = beast::get_lowest_layer(stream);
  bool done = false;
  error_code error;
  const auto handler = [&](error_code e, std::size_t) {
    done = true;
    error = e;
  };
  const auto cancel = [&] { socket.close(); };
  http::async_write(stream, request, handler);
  TROUPE_TRY(deadline.wait("send the request", done, error, cancel));

  beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(UINT64_MAX);  // counted below
  while (!parser.is_done()) {
    done = false;
    http::async_read_some(stream, buffer, parser, handler);
    TROUPE_TRY(deadline.wait("read the reply", done, error, cancel));
    if (parser.get().body().size() > kMaxReply) {
      return fail(ErrorCode::kUnavailable, fmt::format("replied more than {} bytes", kMaxReply));
    }
  }
  return HttpReply{static_cast<int>(parser.get().result_int()), std::move(parser.get().body())};
}

/// The request after a TLS handshake.
Result<HttpReply> exchange_tls(beast::tcp_stream socket, Deadline& deadline, const HttpUrl& url,
                               std::string_view body, const std::string& token) {
  asio::ssl::context settings(asio::ssl::context::tls_client);
  error_code error;
  settings.set_default_verify_paths(error);
  if (error)
    return fail(ErrorCode::kIo, "cannot read the system's certificates: " + error.message());
  asio::ssl::stream<beast::tcp_stream> stream(std::move(socket), settings);
  stream.set_verify_mode(asio::ssl::verify_peer);
  stream.set_verify_callback(asio::ssl::host_name_verification(url.host));
  if (SSL_set_tlsext_host_name(stream.native_handle(), url.host.c_str()) != 1) {
    return fail(ErrorCode::kInvalid, "'" + url.host + "' is no host name that TLS can ask for");
  }
  bool done = false;
  stream.async_handshake(asio::ssl::stream_base::client, [&](error_code e) {
    done = true;
    error = e;
  });
  TROUPE_TRY(
      deadline.wait("agree on TLS", done, error, [&] { beast::get_lowest_layer(stream).close(); }));
  return exchange(stream, deadline, url, body, token);
}

Result<HttpReply> post(const HttpUrl& url, std::string_view body, const std::string& token,
                       double timeout_seconds) {
  Deadline deadline(timeout_seconds);
  bool done = false;
  error_code error;
  Tcp::resolver resolver(deadline.context);
  Tcp::resolver::results_type found;
  resolver.async_resolve(url.host, url.port,
                         [&](error_code e, Tcp::resolver::results_type results) {
                           done = true;
                           error = e;
                           found = std::move(results);
                         });
  TROUPE_TRY(deadline.wait("find the host", done, error, [&] { resolver.cancel(); }));
  beast::tcp_stream socket(deadline.context);
  done = false;
  socket.async_connect(found, [&](error_code e, const Tcp::endpoint&) {
    done = true;
    error = e;
  });
  TROUPE_TRY(deadline.wait("connect", done, error, [&] { socket.close(); }));
  if (url.tls) return exchange_tls(std::move(socket), deadline, url, body, token);
  return exchange(socket, deadline, url, body, token);
}

}  // namespace

Result<HttpReply> http_post(const HttpUrl& url, std::string_view body, const std::string& token,
                            double timeout_seconds) {
  try {
    auto reply = post(url, body, token, timeout_seconds);
    return reply ? reply : within(url.text(), reply.error());
  } catch (const std::exception& e) {  // the library's, where it has no error code
    return fail(ErrorCode::kUnavailable, fmt::format("{}: {}", url.text(), e.what()));
  }
}

}  // namespace troupe
