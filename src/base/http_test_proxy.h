#pragma once

#include <algorithm>
#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/rng.h"

namespace troupe {

/// A proxy on this machine that breaks a share of the connections that go through it, at any byte
/// of what the server sends: cuts them, flips a bit, swaps two blocks, waits, or answers itself
/// with a status 500 or a range that nobody asked for. For tests.
class HttpTestProxy {
 public:
  using Tcp = boost::asio::ip::tcp;
  /// `most` bytes of a connection pass before its fault at most.
  HttpTestProxy(std::uint16_t server, std::uint64_t seed, double share, std::uint64_t most)
      : server_(server),
        share_(share),
        most_(most),
        rng_(seed),
        acceptor_(context_, {boost::asio::ip::make_address("127.0.0.1"), 0}),
        thread_([this] { accept(); }) {}
  ~HttpTestProxy() {
    stopping_ = true;
    boost::system::error_code error;
    Tcp::socket last(context_);  // wakes accept()
    last.connect(acceptor_.local_endpoint(), error);
    thread_.join();
    for (auto& pair : pairs_) close(*pair);
    for (auto& thread : serving_) thread.join();
  }
  HttpTestProxy(const HttpTestProxy&) = delete;
  HttpTestProxy& operator=(const HttpTestProxy&) = delete;

  [[nodiscard]] std::string url() const {
    return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
  }
  [[nodiscard]] int faults() const { return faults_; }

 private:
  enum class Fault { kNone, kCut, kFlip, kSwap, kWait, kStatus, kRange };
  struct Pair {
    explicit Pair(boost::asio::io_context& context) : client(context), server(context) {}
    Tcp::socket client, server;
    Fault fault = Fault::kNone;
    std::uint64_t at = 0;  ///< byte of the server's
  };

  static void close(Pair& pair) {
    boost::system::error_code error;
    pair.client.shutdown(Tcp::socket::shutdown_both, error);
    pair.server.shutdown(Tcp::socket::shutdown_both, error);
  }
  void accept() {
    while (true) {
      auto pair = std::make_unique<Pair>(context_);
      boost::system::error_code error;
      acceptor_.accept(pair->client, error);
      if (stopping_ || error) return;
      pair->server.connect({boost::asio::ip::make_address("127.0.0.1"), server_}, error);
      if (error) continue;
      if (rng_.uniform() < share_) {
        pair->fault = static_cast<Fault>(1 + rng_.below(6));
        pair->at = rng_.below(most_);
      }
      Pair& p = *pair;
      pairs_.push_back(std::move(pair));
      serving_.emplace_back([this, &p] { upwards(p); });
      serving_.emplace_back([this, &p] { downwards(p); });
    }
  }
  void upwards(Pair& pair) {
    char buffer[4096];
    boost::system::error_code error;
    while (!error) {
      const std::size_t n = pair.client.read_some(boost::asio::buffer(buffer), error);
      if (error) break;
      if (pair.fault == Fault::kStatus || pair.fault == Fault::kRange) {
        ++faults_;
        const std::string reply =
            pair.fault == Fault::kStatus
                ? "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"
                : "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 3-6/900\r\n"
                  "Content-Length: 4\r\n\r\nabcd";
        boost::asio::write(pair.client, boost::asio::buffer(reply), error);
        break;
      }
      boost::asio::write(pair.server, boost::asio::buffer(buffer, n), error);
    }
    close(pair);
  }
  void downwards(Pair& pair) {
    char buffer[4096];
    boost::system::error_code error;
    std::uint64_t passed = 0;
    bool due = pair.fault != Fault::kNone;
    while (!error) {
      const std::size_t n = pair.server.read_some(boost::asio::buffer(buffer), error);
      if (error) break;
      if (due && passed + n > pair.at) {
        due = false;
        ++faults_;
        const std::size_t at = pair.at > passed ? pair.at - passed : 0;
        if (pair.fault == Fault::kFlip) buffer[at] = static_cast<char>(buffer[at] ^ 4);
        if (pair.fault == Fault::kSwap) std::rotate(buffer, buffer + at, buffer + n);
        if (pair.fault == Fault::kWait) std::this_thread::sleep_for(std::chrono::milliseconds(80));
        if (pair.fault == Fault::kCut) {
          boost::asio::write(pair.client, boost::asio::buffer(buffer, at), error);
          break;
        }
      }
      passed += n;
      boost::asio::write(pair.client, boost::asio::buffer(buffer, n), error);
    }
    close(pair);
  }

  const std::uint16_t server_;
  const double share_;
  const std::uint64_t most_;
  Rng rng_;
  std::atomic<bool> stopping_ = false;
  std::atomic<int> faults_ = 0;
  boost::asio::io_context context_;
  Tcp::acceptor acceptor_;
  std::vector<std::unique_ptr<Pair>> pairs_;  // only the accepting thread adds to these
  std::vector<std::thread> serving_;
  std::thread thread_;
};

}  // namespace troupe
