#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/process.h"

struct redisContext;
struct redisReply;

namespace troupe::bench {

/// A redis-server of our own that keeps its data in a folder, and one connection to it. It listens
/// on a socket in that folder and on no port, and ends with this object.
class RedisServer {
 public:
  /// The append-only file is synced once a second; nothing else is saved and nothing rewritten.
  /// kNotFound if there is no redis-server; kUnavailable if it does not answer.
  static Result<std::unique_ptr<RedisServer>> start(const std::string& folder);
  ~RedisServer();
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  [[nodiscard]] redisContext& connection() { return *connection_; }

  struct FreeReply {
    void operator()(redisReply* reply) const;
  };
  using Reply = std::unique_ptr<redisReply, FreeReply>;
  /// The next reply of those outstanding; kUnavailable if it is an error or none comes.
  Result<Reply> reply();
  /// A command and its arguments.
  using Words = std::span<const std::string_view>;
  /// Queues a command; its reply is outstanding.
  Status queue(Words words);
  /// Sends a command and waits for its reply; nothing else may be outstanding.
  Result<Reply> call(Words words);

 private:
  RedisServer() = default;
  std::unique_ptr<ChildProcess> process_;
  redisContext* connection_ = nullptr;
};

}  // namespace troupe::bench
