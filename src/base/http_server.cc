#include "base/http_server.h"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <mutex>
#include <set>
#include <thread>

#include "base/http_serving.h"
#include "base/io_threads.h"

namespace troupe {

namespace asio = boost::asio;
using boost::system::error_code;
using Tcp = asio::ip::tcp;

bool same_secret(const std::string& a, const std::string& b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

class HttpServer::State {
 public:
  State(HttpServerOptions options, Handler handler)
      : options_(std::move(options)),
        handler_(std::move(handler)),
        acceptor_(context_),
        threads_(options_.most_connections) {}
  ~State() {
    context_.stop();
    if (accepting_.joinable()) accepting_.join();
    const std::lock_guard lock(mutex_);
    for (HttpServing* connection : connections_) connection->stop();
  }  // threads_ goes first and waits for them

  Status listen() {
    error_code error;
    const auto address = asio::ip::make_address(options_.address, error);
    if (error) {
      return fail(ErrorCode::kInvalid, fmt::format("'{}' is no address to listen on; give one of "
                                                   "this machine, such as 127.0.0.1 or 0.0.0.0",
                                                   options_.address));
    }
    const Tcp::endpoint endpoint(address, options_.port);
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(Tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) {
      const bool taken = error == asio::error::address_in_use;
      return fail(
          taken ? ErrorCode::kUnavailable : ErrorCode::kInvalid,
          fmt::format("cannot listen on {} port {}: {}{}", options_.address, options_.port,
                      error.message(), taken ? "; choose another, or 0 for a free one" : ""));
    }
    endpoint_ = acceptor_.local_endpoint();
    accept();
    accepting_ = std::thread([this] { context_.run(); });
    return {};
  }
  [[nodiscard]] const Tcp::endpoint& endpoint() const { return endpoint_; }

 private:
  void accept() {
    auto next = std::make_shared<HttpServing>(options_, handler_);
    acceptor_.async_accept(next->context(), [this, next](error_code error, Tcp::socket socket) {
      if (!error) {
        next->take(std::move(socket));
        start(next);
      }
      if (error == asio::error::operation_aborted) return;
      if (error) std::this_thread::sleep_for(std::chrono::milliseconds(10));  // too many files
      accept();
    });
  }
  void start(const std::shared_ptr<HttpServing>& connection) {
    {
      const std::lock_guard lock(mutex_);
      if (static_cast<int>(connections_.size()) >= options_.most_connections) {
        connection->refuse();
        return;
      }
      connections_.insert(connection.get());
    }
    threads_.submit([this, connection] {
      connection->serve();
      const std::lock_guard lock(mutex_);
      connections_.erase(connection.get());
    });
  }

  const HttpServerOptions options_;
  const Handler handler_;
  asio::io_context context_{1};
  Tcp::acceptor acceptor_;
  Tcp::endpoint endpoint_;
  std::mutex mutex_;
  std::set<HttpServing*> connections_;
  std::thread accepting_;
  IoThreads threads_;
};

HttpServer::HttpServer(std::unique_ptr<State> state) : state_(std::move(state)) {}
HttpServer::~HttpServer() = default;

Result<std::unique_ptr<HttpServer>> HttpServer::listen(HttpServerOptions options, Handler handler) {
  if (options.token.empty()) return fail(ErrorCode::kInvalid, "a server needs a token");
  auto state = std::make_unique<State>(std::move(options), std::move(handler));
  TROUPE_TRY(state->listen());
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(state)));
}

std::uint16_t HttpServer::port() const { return state_->endpoint().port(); }

std::string HttpServer::url() const {
  const auto address = state_->endpoint().address();
  const std::string host = address.to_string();
  return fmt::format("http://{}:{}", address.is_v6() ? "[" + host + "]" : host, port());
}

}  // namespace troupe
