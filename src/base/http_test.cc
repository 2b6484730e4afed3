#include "base/http.h"

#include <gtest/gtest.h>

#include "base/http_test_server.h"

namespace troupe {
namespace {

using Reply = HttpTestServer::Reply;

Result<HttpReply> post(const std::string& url, const std::string& body,
                       const std::string& token = "", double timeout = 5) {
  TROUPE_ASSIGN(const HttpUrl parsed, parse_url(url));
  return http_post(parsed, body, token, timeout);
}

TEST(HttpUrl, Reads) {
  const auto plain = parse_url("http://scores.example");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->host, "scores.example");
  EXPECT_EQ(plain->port, "80");
  EXPECT_EQ(plain->path, "/");
  EXPECT_FALSE(plain->tls);
  const auto whole = parse_url("https://[::1]:8443/a/b?c=d#e");
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->host, "::1");
  EXPECT_EQ(whole->port, "8443");
  EXPECT_EQ(whole->path, "/a/b?c=d");
  EXPECT_TRUE(whole->tls);
  EXPECT_EQ(whole->text(), "https://[::1]:8443/a/b?c=d");
}

TEST(HttpUrl, RefusesWhatIsNone) {
  for (const char* text : {"", "scores.example", "ftp://x/", "http://", "http://:80/", "http://x:/",
                           "http://x:0/", "http://x:65536/", "http://x:8a/", "http://[::1/",
                           "http://user:secret@x/", "http://x/a b", "http://x/\n"}) {
    const auto url = parse_url(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error().code, ErrorCode::kInvalid);
    EXPECT_EQ(url.error().message.find("secret"), std::string::npos);
  }
}

TEST(Http, SendsABodyAndReadsTheReply) {
  std::string seen, type, authorization, path;
  HttpTestServer server([&](const HttpTestServer::Request& request) {
    seen = request.body();
    path = std::string(request.target());
    type = std::string(request["content-type"]);
    authorization = std::string(request["authorization"]);
    return Reply{201, "scored"};
  });
  const auto reply = post(server.url("/score?x=1"), "{\"a\": 1}", "open sesame");
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->status, 201);
  EXPECT_EQ(reply->body, "scored");
  EXPECT_EQ(seen, "{\"a\": 1}");
  EXPECT_EQ(path, "/score?x=1");
  EXPECT_EQ(type, "application/json");
  EXPECT_EQ(authorization, "Bearer open sesame");
  ASSERT_TRUE(post(server.url(), std::string(300'000, 'x')));
  EXPECT_EQ(seen.size(), 300'000U);
  EXPECT_EQ(authorization, "");
}

TEST(Http, FailuresHaveNames) {
  HttpTestServer server([](const HttpTestServer::Request& request) {
    const std::string path(request.target());
    if (path == "/slow") return Reply{200, "late", 0.5};
    if (path == "/gone") return Reply{.hang_up = true};
    if (path == "/long") return Reply{200, std::string(kMaxReply + 1, 'x')};
    return Reply{.raw = "SSH-2.0-OpenSSH_9.2\r\n"};
  });
  const auto code = [&](const std::string& url, double timeout = 20) {
    const auto reply = post(url, "{}", "", timeout);
    EXPECT_FALSE(reply) << url;
    return reply ? ErrorCode::kInternal : reply.error().code;
  };
  EXPECT_EQ(code(server.url("/slow"), 0.2), ErrorCode::kDeadline);
  EXPECT_EQ(code(server.url("/gone")), ErrorCode::kUnavailable);
  EXPECT_EQ(code(server.url("/long")), ErrorCode::kUnavailable);
  EXPECT_EQ(code(server.url("/raw")), ErrorCode::kUnavailable);
  EXPECT_EQ(code("http://127.0.0.1:1/"), ErrorCode::kUnavailable);  // nobody listens
  // A server without TLS.
  EXPECT_EQ(code("https" + server.url("/tls").substr(4)), ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace troupe
