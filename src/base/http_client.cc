#include "base/http_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/beast/http.hpp>
#include <charconv>

#include "base/http_link.h"

namespace troupe {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

namespace {

// Small enough that a sink which digests a piece finds it in the cache.
constexpr std::size_t kPiece = std::size_t{256} << 10;
constexpr std::uint32_t kMostHeader = 16384;

/// Reads "bytes 5-9/100" into the head.
bool read_content_range(std::string_view text, HttpHead& head) {
  std::uint64_t last = 0;
  const auto number = [&text](std::string_view before, std::uint64_t& value) {
    if (!text.starts_with(before)) return false;
    text.remove_prefix(before.size());
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return error == std::errc();
  };
  return number("bytes ", head.first) && number("-", last) && number("/", head.whole) &&
         text.empty() && last >= head.first && last < head.whole &&
         head.length == last - head.first + 1;
}

Result<HttpHead> read_head(const http::response_parser<http::empty_body>& parser,
                           const HttpGet& asked) {
  const auto& reply = parser.get();
  HttpHead head;
  head.status = static_cast<int>(reply.result_int());
  head.etag = std::string(reply[http::field::etag]);
  const bool empty = head.status == 204 || head.status == 304;
  if (!parser.content_length() && !empty) {
    return fail(ErrorCode::kUnavailable, "replied without a Content-Length");
  }
  head.length = empty ? 0 : *parser.content_length();
  if (head.status != 206) return head;
  const std::string range(reply[http::field::content_range]);
  const bool right = asked.range && read_content_range(range, head) &&
                     head.first == asked.range->first &&
                     head.first + head.length - 1 <= asked.range->second;
  if (right) return head;
  return fail(ErrorCode::kUnavailable,
              fmt::format("replied with the range '{}', which is not what was asked for", range));
}

}  // namespace

struct HttpClient::State {
  State(HttpUrl server_in, std::string token_in)
      : server(std::move(server_in)), token(std::move(token_in)) {}
  HttpUrl server;
  std::string token;
  HttpLink link;
  beast::flat_buffer buffer;
  std::string piece;
};

HttpClient::HttpClient(HttpUrl server, std::string token)
    : state_(std::make_unique<State>(std::move(server), std::move(token))) {}
HttpClient::~HttpClient() = default;

Result<HttpHead> HttpClient::exchange(const HttpGet& asked, bool all_statuses,
                                      const HttpSink& sink) {
  State& s = *state_;
  HttpWait wait(s.link.context(), asked.timeout_seconds);
  http::request<http::empty_body> request(http::verb::get, asked.path, 11);
  request.set(http::field::host, host_header(s.server));
  request.set(http::field::user_agent, "troupe");
  if (!s.token.empty()) request.set(http::field::authorization, "Bearer " + s.token);
  if (asked.range) {
    request.set(http::field::range,
                fmt::format("bytes={}-{}", asked.range->first, asked.range->second));
    if (!asked.if_range.empty()) request.set(http::field::if_range, asked.if_range);
  }

  std::optional<http::response_parser<http::empty_body>> parser;
  const auto ask = [&]() -> Status {
    if (!s.link.is_open()) {
      s.buffer.clear();
      TROUPE_TRY(s.link.open(s.server, wait));
    }
    TROUPE_TRY(s.link.run("send the request", wait, asked.idle_seconds,
                          [&](auto& out, auto done) { http::async_write(out, request, done); }));
    parser.emplace();
    parser->header_limit(kMostHeader);
    parser->body_limit(UINT64_MAX);
    TROUPE_TRY(s.link.run("read the reply", wait, asked.idle_seconds, [&](auto& in, auto done) {
      http::async_read_header(in, s.buffer, *parser, done);
    }));
    return {};
  };
  const bool kept = s.link.is_open();
  Status answered = ask();
  // The server may have closed a connection that was kept; asking again changes nothing there.
  if (!answered && kept && answered.error().code == ErrorCode::kUnavailable) answered = ask();
  if (!answered) return tl::unexpected(answered.error());
  auto head = read_head(*parser, asked);
  if (!head) {
    s.link.close();
    return head;
  }

  // Beast would copy the body through its buffer, 64 KiB at a time; with a known length it is read
  // from the socket as it is.
  const bool wanted = all_statuses || head->status == 200 || head->status == 206;
  std::uint64_t left = head->length;
  const auto give = [&](std::string_view bytes) -> Status {
    left -= bytes.size();
    if (!wanted || bytes.empty()) return {};
    Status taken = sink(*head, bytes);
    if (!taken) s.link.close();
    return taken;
  };
  const auto first = static_cast<std::size_t>(std::min<std::uint64_t>(s.buffer.size(), left));
  const std::string_view early(static_cast<const char*>(s.buffer.data().data()), first);
  TROUPE_TRY(give(early));
  s.buffer.consume(first);
  s.piece.resize(kPiece);
  while (left > 0) {
    const std::size_t most = std::min<std::uint64_t>(kPiece, left);
    std::size_t filled = 0;
    Status broken;
    while (filled < most && broken) {
      auto n = s.link.run("read the reply", wait, asked.idle_seconds, [&](auto& in, auto done) {
        in.async_read_some(asio::buffer(s.piece.data() + filled, most - filled), done);
      });
      if (n) {
        filled += *n;
      } else {
        broken = tl::unexpected(std::move(n.error()));
      }
    }
    TROUPE_TRY(give(std::string_view(s.piece).substr(0, filled)));
    TROUPE_TRY(std::move(broken));
  }
  if (!parser->keep_alive()) s.link.close();
  return head;
}

Result<HttpHead> HttpClient::guarded(const HttpGet& request, bool all_statuses,
                                     const HttpSink& sink) {
  HttpUrl url = state_->server;
  url.path = request.path;
  try {
    auto head = exchange(request, all_statuses, sink);
    return head ? head : within(url.text(), head.error());
  } catch (const std::exception& e) {  // the library's, where it has no error code
    state_->link.close();
    return fail(ErrorCode::kUnavailable, fmt::format("{}: {}", url.text(), e.what()));
  }
}

Result<HttpHead> HttpClient::get(const HttpGet& request, const HttpSink& sink) {
  return guarded(request, false, sink);
}

Result<HttpReply> HttpClient::get_text(const HttpGet& request, std::size_t most) {
  HttpReply reply;
  TROUPE_ASSIGN(const HttpHead head,
                guarded(request, true, [&](const HttpHead& seen, std::string_view piece) -> Status {
                  if (seen.length > most) {
                    return fail(ErrorCode::kUnavailable,
                                fmt::format("replied more than {} bytes", most));
                  }
                  reply.body += piece;
                  return {};
                }));
  reply.status = head.status;
  return reply;
}

}  // namespace troupe
