#include "base/http_serving.h"

#include <sys/socket.h>

#include <algorithm>

#include "base/http_range.h"

namespace troupe {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

namespace {

constexpr std::size_t kPiece = std::size_t{1} << 20;
// A request of a chunk ends before this and gives its whole mapping back, which is cheaper.
constexpr std::size_t kRelease = std::size_t{64} << 20;

}  // namespace

void HttpServing::take(asio::ip::tcp::socket socket) {
  socket_.emplace(std::move(socket));
  error_code ignored;
  socket_->set_option(asio::ip::tcp::no_delay(true), ignored);
  descriptor_ = socket_->native_handle();
}

void HttpServing::stop() {
  // The socket stays open, so that the number cannot mean another one; its operations end.
  if (const int descriptor = descriptor_; descriptor >= 0) ::shutdown(descriptor, SHUT_RDWR);
}

template <class Start>
Status HttpServing::run(const char* what, Start start) {
  bool done = false;
  error_code error;
  const auto handler = [&](error_code e, std::size_t) {
    done = true;
    error = e;
  };
  start(handler);
  HttpWait wait(context_, options_.idle_seconds);
  return wait.wait(what, done, error, [this] {
    error_code ignored;
    socket_->cancel(ignored);
  });
}

void HttpServing::serve() {
  try {
    while (serve_one()) {
    }
  } catch (const std::exception&) {  // memory, or the library's: this client gets no more
  }
  stop();
}

void HttpServing::refuse() {
  // On the accepting thread, which must not wait: what does not go out at once is lost.
  constexpr std::string_view kBusy =
      "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 1\r\n"
      "Connection: close\r\n\r\n";
  ::send(socket_->native_handle(), kBusy.data(), kBusy.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

bool HttpServing::serve_one() {
  Request parser;
  parser.header_limit(options_.most_header);
  error_code wrong;
  const Status read = run("read a request", [&](auto handler) {
    http::async_read_header(*socket_, buffer_, parser,
                            [&wrong, handler](error_code e, std::size_t n) {
                              wrong = e;
                              handler(e, n);
                            });
  });
  if (wrong == http::error::header_limit) return complain(431, "the header is too long");
  if (wrong.category() == http::make_error_code(http::error::bad_method).category() &&
      wrong != http::error::end_of_stream && wrong != http::error::partial_message) {
    return complain(400, "this is no HTTP request");
  }
  if (!read) return false;
  const bool body = parser.chunked() || (parser.content_length() && *parser.content_length() > 0);
  if (body) return complain(413, "a request must not have a body");
  return answer(parser.get());
}

bool HttpServing::answer(const http::request<http::empty_body>& request) {
  const bool head = request.method() == http::verb::head;
  const std::string given(request[http::field::authorization]);
  // As long as the header was sent at all, the comparison takes the same time.
  if (!same_secret(given, "Bearer " + options_.token)) return complain(401, "wrong or no token");
  if (request.method() != http::verb::get && !head) return complain(405, "only GET and HEAD");
  HttpBody body = handler_({std::string(request.target())});
  return send(std::move(body), static_cast<int>(request.version()), head, request.keep_alive(),
              std::string(request[http::field::range]),
              std::string(request[http::field::if_range]));
}

bool HttpServing::complain(int status, const char* what) {
  send({status, "text/plain", "", std::string(what) + "\n"}, 11, false, false, "", "");
  return false;
}

bool HttpServing::send(HttpBody body, int version, bool head, bool keep, std::string_view range,
                       std::string_view if_range) {
  const std::string_view all = body.file ? body.file->bytes() : std::string_view(body.text);
  HttpRange part{body.status, 0, all.size()};
  if (body.status == 200 && !head) part = choose_range(range, if_range, body.etag, all.size());
  http::response<http::empty_body> reply(static_cast<http::status>(part.status),
                                         static_cast<unsigned>(version));
  reply.set(http::field::server, "troupe");
  reply.set(http::field::content_type, body.type);
  reply.set(http::field::accept_ranges, "bytes");
  if (!body.etag.empty()) reply.set(http::field::etag, body.etag);
  if (body.status == 401) reply.set(http::field::www_authenticate, "Bearer");
  if (body.status == 405) reply.set(http::field::allow, "GET, HEAD");
  if (part.status == 206) {
    reply.set(http::field::content_range,
              fmt::format("bytes {}-{}/{}", part.first, part.first + part.size - 1, all.size()));
  } else if (part.status == 416) {
    reply.set(http::field::content_range, fmt::format("bytes */{}", all.size()));
  }
  reply.content_length(part.size);
  reply.keep_alive(keep);
  http::response_serializer<http::empty_body> serializer(reply);
  const Status sent = run("send a reply", [&](auto handler) {
    http::async_write_header(*socket_, serializer, handler);
  });
  if (!sent) return false;
  if (!head && !send_bytes(all.substr(part.first, part.size), body.file.get())) return false;
  return keep;
}

Status HttpServing::send_bytes(std::string_view bytes, const FileView* file) {
  std::size_t sent = 0;
  std::size_t released = 0;
  while (sent < bytes.size()) {
    const std::string_view piece = bytes.substr(sent, kPiece);
    std::size_t n = 0;
    TROUPE_TRY(run("send a reply", [&](auto handler) {
      socket_->async_write_some(asio::buffer(piece.data(), piece.size()),
                                [&n, handler](error_code e, std::size_t count) {
                                  n = count;
                                  handler(e, count);
                                });
    }));
    sent += n;
    if (file != nullptr && sent - released >= kRelease) {
      file->release(bytes.substr(released, sent - released));
      released = sent;
    }
  }
  return {};
}

}  // namespace troupe
