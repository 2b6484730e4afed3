#pragma once

#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace troupe {

/// A server on this machine for tests: each request is answered by `serve`, on a thread of its own.
class HttpTestServer {
 public:
  using Request = boost::beast::http::request<boost::beast::http::string_body>;
  struct Reply {
    unsigned status = 200;
    std::string body = "{}";
    double delay = 0;      ///< seconds before it
    bool hang_up = false;  ///< no reply at all
    std::string raw = "";  ///< bytes in place of a reply
  };
  explicit HttpTestServer(std::function<Reply(const Request&)> serve)
      : serve_(std::move(serve)),
        acceptor_(context_, {boost::asio::ip::make_address("127.0.0.1"), 0}),
        thread_([this] { accept(); }) {}
  ~HttpTestServer() {
    stopping_ = true;
    boost::asio::ip::tcp::socket last(context_);  // wakes accept()
    boost::system::error_code error;
    last.connect(acceptor_.local_endpoint(), error);
    thread_.join();
    for (auto& thread : serving_) thread.join();
  }
  HttpTestServer(const HttpTestServer&) = delete;
  HttpTestServer& operator=(const HttpTestServer&) = delete;

  [[nodiscard]] std::string url(const std::string& path = "/score") const {
    return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + path;
  }
  [[nodiscard]] int most_at_once() const { return most_; }

 private:
  void accept() {
    while (true) {
      boost::system::error_code error;
      auto socket = acceptor_.accept(error);
      if (stopping_ || error) return;
      serving_.emplace_back([this, s = std::move(socket)]() mutable { answer(std::move(s)); });
    }
  }
  void answer(boost::asio::ip::tcp::socket socket) {
    namespace http = boost::beast::http;
    boost::system::error_code error;
    boost::beast::flat_buffer buffer;
    Request request;
    http::read(socket, buffer, request, error);
    if (error) return;
    const int now = ++at_once_;
    for (int most = most_; most < now && !most_.compare_exchange_weak(most, now);) {
    }
    const Reply reply = serve_(request);
    std::this_thread::sleep_for(std::chrono::duration<double>(reply.delay));
    --at_once_;
    if (reply.hang_up) return;
    if (!reply.raw.empty()) {
      boost::asio::write(socket, boost::asio::buffer(reply.raw), error);
      return;
    }
    http::response<http::string_body> out(http::int_to_status(reply.status), 11);
    out.body() = reply.body;
    out.prepare_payload();
    out.keep_alive(false);
    http::write(socket, out, error);
    socket.shutdown(boost::asio::ip::tcp::socket::shutdown_both, error);
  }

  std::function<Reply(const Request&)> serve_;
  boost::asio::io_context context_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::atomic<bool> stopping_ = false;
  std::atomic<int> at_once_ = 0, most_ = 0;
  std::vector<std::thread> serving_;  // only the accepting thread adds to it
  std::thread thread_;
};

}  // namespace troupe
