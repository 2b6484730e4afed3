#include "store/redis_server.h"

#include <fmt/format.h>
#include <hiredis/hiredis.h>
#include <sys/un.h>

#include <array>
#include <chrono>
#include <thread>

#include "common/stopwatch.h"

namespace troupe::bench {
namespace {

constexpr double kStartSeconds = 10;
constexpr std::size_t kMostWords = 40;

}  // namespace

void RedisServer::FreeReply::operator()(redisReply* reply) const { freeReplyObject(reply); }

Result<std::unique_ptr<RedisServer>> RedisServer::start(const std::string& folder) {
  const std::string socket = folder + "/redis.sock";
  if (socket.size() >= sizeof(sockaddr_un::sun_path)) {
    return fail(ErrorCode::kUnavailable,
                fmt::format("{} is too long for a socket; choose another --folder", socket));
  }
  std::unique_ptr<RedisServer> server(new RedisServer);
  auto process = ChildProcess::start(
      {"redis-server", "--port", "0", "--unixsocket", socket, "--dir", folder, "--appendonly",
       "yes", "--appendfsync", "everysec", "--save", "", "--auto-aof-rewrite-percentage", "0",
       "--logfile", folder + "/redis.log", "--daemonize", "no"});
  if (!process) return fail(ErrorCode::kNotFound, "redis-server is not installed");
  server->process_ = std::move(*process);
  for (const double start = now(); now() - start < kStartSeconds;) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    server->connection_ = redisConnectUnix(socket.c_str());
    if (server->connection_ != nullptr && server->connection_->err == 0) {
      constexpr std::string_view kPing[] = {"PING"};
      if (server->call(kPing)) return server;
    }
    redisFree(server->connection_);
    server->connection_ = nullptr;
  }
  return fail(ErrorCode::kUnavailable,
              fmt::format("redis-server did not answer within {:.0f} s: {}", kStartSeconds,
                          server->process_->stderr_tail()));
}

RedisServer::~RedisServer() { redisFree(connection_); }

Status RedisServer::queue(Words words) {
  std::array<const char*, kMostWords> at{};
  std::array<std::size_t, kMostWords> size{};
  if (words.size() > kMostWords) return fail(ErrorCode::kInternal, "redis: a command too long");
  std::size_t n = 0;
  for (const std::string_view word : words) {
    at[n] = word.data();
    size[n++] = word.size();
  }
  if (redisAppendCommandArgv(connection_, static_cast<int>(n), at.data(), size.data()) ==
      REDIS_OK) {
    return {};
  }
  return fail(ErrorCode::kUnavailable, fmt::format("redis: {}", connection_->errstr));
}

Result<RedisServer::Reply> RedisServer::reply() {
  void* raw = nullptr;
  if (redisGetReply(connection_, &raw) != REDIS_OK) {
    return fail(ErrorCode::kUnavailable, fmt::format("redis: {}", connection_->errstr));
  }
  Reply reply(static_cast<redisReply*>(raw));
  if (reply->type == REDIS_REPLY_ERROR) {
    return fail(ErrorCode::kUnavailable, fmt::format("redis: {}", reply->str));
  }
  return reply;
}

Result<RedisServer::Reply> RedisServer::call(Words words) {
  TROUPE_TRY(queue(words));
  return reply();
}

}  // namespace troupe::bench
