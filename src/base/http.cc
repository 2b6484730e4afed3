#include "base/http.h"

#include <fmt/format.h>

#include <boost/beast/http.hpp>

#include "base/http_link.h"

namespace troupe {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;

Result<HttpReply> post(const HttpUrl& url, std::string_view body, const std::string& token,
                       double timeout_seconds) {
  HttpLink link;
  HttpWait wait(link.context(), timeout_seconds);
  TROUPE_TRY(link.open(url, wait));

  http::request<http::string_body> request(http::verb::post, url.path, 11);
  request.set(http::field::host, host_header(url));
  request.set(http::field::user_agent, "troupe");
  request.set(http::field::content_type, "application/json");
  request.set(http::field::accept, "application/json");
  if (!token.empty()) request.set(http::field::authorization, "Bearer " + token);
  request.body() = std::string(body);
  request.keep_alive(false);
  request.prepare_payload();
  TROUPE_TRY(link.run("send the request", wait, timeout_seconds, [&](auto& stream, auto handler) {
    http::async_write(stream, request, handler);
  }));

  beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(UINT64_MAX);  // counted below
  while (!parser.is_done()) {
    TROUPE_TRY(link.run("read the reply", wait, timeout_seconds, [&](auto& stream, auto handler) {
      http::async_read_some(stream, buffer, parser, handler);
    }));
    if (parser.get().body().size() > kMaxReply) {
      return fail(ErrorCode::kUnavailable, fmt::format("replied more than {} bytes", kMaxReply));
    }
  }
  return HttpReply{static_cast<int>(parser.get().result_int()), std::move(parser.get().body())};
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
