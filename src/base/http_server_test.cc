#include "base/http_server.h"

#include <gtest/gtest.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <thread>
#include <vector>

#include "base/http_client.h"
#include "base/rng.h"

namespace troupe {
namespace {

std::string random_text(std::size_t size, std::uint64_t seed = 1) {
  std::string out(size, '\0');
  Rng rng(seed);
  for (char& c : out) c = static_cast<char>(rng.next());
  return out;
}

class Borrowed : public FileView {
 public:
  explicit Borrowed(std::string_view bytes) : bytes_(bytes) {}
  [[nodiscard]] std::string_view bytes() const override { return bytes_; }
  void release(std::string_view) const override {}

 private:
  std::string_view bytes_;
};

/// Serves `large` at /large, and otherwise says what the path is.
class HttpServerTest : public ::testing::Test {
 protected:
  std::unique_ptr<HttpServer> serve(int connections = 64, double idle = 5) {
    HttpServerOptions options;
    options.token = "open sesame";
    options.most_connections = connections;
    options.idle_seconds = idle;
    auto server = HttpServer::listen(options, [this](const HttpAsked& asked) {
      HttpBody body;
      body.text = asked.path;
      if (asked.path == "/none") body.status = 404;
      if (asked.path != "/large") return body;
      body.etag = "\"large\"";
      body.file = std::make_shared<Borrowed>(large_);
      return body;
    });
    EXPECT_TRUE(server) << server.error().message;
    return std::move(*server);
  }
  static HttpClient client(const HttpServer& server, const std::string& token = "open sesame") {
    return {*parse_url(server.url()), token};
  }
  /// What the server says to these bytes until it closes the connection.
  static std::string raw(const HttpServer& server, const std::string& bytes) {
    boost::asio::io_context context;
    boost::asio::ip::tcp::socket socket(context);
    socket.connect({boost::asio::ip::make_address("127.0.0.1"), server.port()});
    boost::system::error_code error;
    boost::asio::write(socket, boost::asio::buffer(bytes), error);
    std::string out;
    boost::asio::read(socket, boost::asio::dynamic_buffer(out), error);
    return out;
  }
  const std::string large_ = random_text(5'000'001);
};

TEST_F(HttpServerTest, AnswersOnOneConnection) {
  const auto server = serve(1);
  auto c = client(*server);
  for (int i = 0; i < 3; ++i) {
    const auto reply = c.get_text({.path = "/a"});
    ASSERT_TRUE(reply) << reply.error().message;
    EXPECT_EQ(reply->status, 200);
    EXPECT_EQ(reply->body, "/a");
  }
  EXPECT_EQ(c.get_text({.path = "/none"})->status, 404);
}

TEST_F(HttpServerTest, SendsLargeBodiesAndRangesOfThem) {
  const auto server = serve();
  auto c = client(*server);
  std::string got;
  HttpHead head;
  const auto sink = [&](const HttpHead& seen, std::string_view piece) -> Status {
    head = seen;
    got += piece;
    return {};
  };
  ASSERT_TRUE(c.get({.path = "/large"}, sink));
  EXPECT_TRUE(got == large_);
  EXPECT_EQ(head.etag, "\"large\"");
  got.clear();
  HttpGet ranged{
      .path = "/large", .range = std::pair(1000ULL, 3000000ULL), .if_range = "\"large\""};
  ASSERT_TRUE(c.get(ranged, sink));
  EXPECT_EQ(head.status, 206);
  EXPECT_EQ(head.first, 1000U);
  EXPECT_EQ(head.whole, large_.size());
  EXPECT_TRUE(got == large_.substr(1000, 2999001));
  got.clear();
  ranged.if_range = "\"small\"";
  ASSERT_TRUE(c.get(ranged, sink));
  EXPECT_EQ(head.status, 200);
  EXPECT_TRUE(got == large_);
  ranged.range = std::pair(large_.size(), large_.size() + 5);
  ranged.if_range = "";
  EXPECT_EQ(c.get(ranged, sink)->status, 416);
}

TEST_F(HttpServerTest, ServesSeveralAtOnce) {
  const auto server = serve();
  std::vector<std::thread> threads;
  std::vector<std::string> got(5);
  for (std::string& text : got) {
    threads.emplace_back([&] {
      auto c = client(*server);
      (void)c.get({.path = "/large"}, [&](const HttpHead&, std::string_view piece) -> Status {
        text += piece;
        return {};
      });
    });
  }
  for (auto& thread : threads) thread.join();
  for (const std::string& text : got) EXPECT_TRUE(text == large_);
}

TEST_F(HttpServerTest, RefusesWhoHasNoToken) {
  const auto server = serve();
  for (const char* token : {"", "open sesam", " open sesame", "open sesamE"}) {
    EXPECT_EQ(client(*server, token).get_text({.path = "/a"})->status, 401) << token;
  }
  EXPECT_TRUE(same_secret("", ""));
  EXPECT_FALSE(same_secret("a", "b"));
  EXPECT_FALSE(HttpServer::listen({}, nullptr));
}

TEST_F(HttpServerTest, SaysWhatIsWrongWithARequest) {
  const auto server = serve();
  const auto starts = [&](const std::string& request, const std::string& status) {
    const std::string reply = raw(*server, request);
    EXPECT_TRUE(reply.starts_with("HTTP/1.1 " + status)) << request.substr(0, 40) << ": " << reply;
  };
  const std::string token = "Authorization: Bearer open sesame\r\n";
  starts("SSH-2.0-OpenSSH_9.2\r\n\r\n", "400");
  starts("GET / HTTP/1.1\r\nX: " + std::string(10000, 'x') + "\r\n\r\n", "431");
  starts("POST / HTTP/1.1\r\n" + token + "\r\n", "405");
  starts("GET / HTTP/1.1\r\nContent-Length: 5\r\n" + token + "\r\nhello", "413");
  starts("GET / HTTP/1.1\r\nConnection: close\r\n" + token + "\r\n", "200");
  const std::string head = raw(*server, "HEAD /large HTTP/1.1\r\nConnection: close\r\n" + token +
                                            "Range: bytes=0-4\r\n\r\n");
  EXPECT_NE(head.find("Content-Length: 5000001\r\n"), std::string::npos) << head;
  EXPECT_TRUE(head.starts_with("HTTP/1.1 200") && head.ends_with("\r\n\r\n"));
}

TEST_F(HttpServerTest, LetsNobodyWaitForLong) {
  const auto server = serve(1, 0.1);
  EXPECT_EQ(raw(*server, "GET / HTTP/1.1\r\n"), "");  // never ends its header
  // A client that takes nothing does not keep the only place for good.
  boost::asio::io_context context;
  boost::asio::ip::tcp::socket slow(context);
  slow.connect({boost::asio::ip::make_address("127.0.0.1"), server->port()});
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_TRUE(raw(*server, "GET / HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 503"));
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_EQ(client(*server).get_text({.path = "/a"})->body, "/a");
}

TEST_F(HttpServerTest, EndsWithAClientConnected) {
  auto server = serve(4, 60);
  auto c = client(*server);
  ASSERT_TRUE(c.get_text({.path = "/a"}));
  server.reset();  // does not wait for 60 s
  const auto reply = c.get_text({.path = "/a", .timeout_seconds = 1});
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, ErrorCode::kUnavailable);
}

TEST_F(HttpServerTest, AClientWhoseConnectionWasClosedConnectsAgain) {
  const auto server = serve(4, 0.05);
  auto c = client(*server);
  ASSERT_TRUE(c.get_text({.path = "/a"}));
  std::this_thread::sleep_for(std::chrono::milliseconds(150));
  EXPECT_TRUE(c.get_text({.path = "/a"}));
}

TEST_F(HttpServerTest, NamesAPortThatIsTaken) {
  const auto server = serve();
  HttpServerOptions options;
  options.token = "t";
  options.port = server->port();
  const auto other = HttpServer::listen(options, nullptr);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, ErrorCode::kUnavailable);
  options.address = "nowhere";
  EXPECT_EQ(HttpServer::listen(options, nullptr).error().code, ErrorCode::kInvalid);
}

}  // namespace
}  // namespace troupe
