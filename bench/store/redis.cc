// Redis Streams: XADD in a pipeline, then XREADGROUP and XACK by a consumer group; one client on a
// unix socket (redis.io/docs/latest/develop/data-types/streams).
#include <fmt/format.h>
#include <hiredis/hiredis.h>

#include "base/interrupt.h"
#include "store/contender.h"
#include "store/redis_server.h"

namespace troupe::bench {
namespace {

using Word = std::string_view;
constexpr int kDepth = 64;  // commands whose replies are outstanding

// What XREADGROUP answers: one stream as [name, entries], an entry as [id, [field, value, ...]].
// The ids; empty if it does not look like that.
std::vector<Word> entry_ids(const redisReply& reply, std::size_t sample_bytes) {
  std::vector<Word> ids;
  if (reply.type != REDIS_REPLY_ARRAY || reply.elements != 1) return ids;
  const redisReply& entries = *reply.element[0]->element[1];
  for (std::size_t i = 0; i < entries.elements; ++i) {
    const redisReply& entry = *entries.element[i];
    const redisReply& fields = *entry.element[1];
    if (fields.elements != 4 || fields.element[3]->len != sample_bytes) return {};
    ids.emplace_back(entry.element[0]->str, entry.element[0]->len);
  }
  return ids;
}

class Redis final : public Contender {
 public:
  Redis(std::unique_ptr<RedisServer> server, std::string folder)
      : server_(std::move(server)), folder_(std::move(folder)) {}

  Result<Appended> append(const Workload& load) override {
    const SampleBytes samples(load.sample_bytes);
    TROUPE_ASSIGN(const std::uint64_t before, memory());
    const double start = now();
    Appended out;
    int outstanding = 0;
    while (out.samples < load.samples && now() - start < load.seconds && !interrupted()) {
      const std::string group = std::to_string(out.samples / load.group);
      const Word words[] = {"XADD", "samples", "*", "group", group, "data", samples[out.samples]};
      TROUPE_TRY(server_->queue(words));
      ++out.samples;
      if (++outstanding < kDepth) continue;
      // Half of them, so that the server has work while the next ones are queued.
      for (; outstanding > kDepth / 2; --outstanding) TROUPE_TRY(server_->reply());
    }
    for (; outstanding > 0; --outstanding) TROUPE_TRY(server_->reply());
    // The write after this one is answered when the whole file has been synced.
    const Word always[] = {"CONFIG", "SET", "appendfsync", "always"};
    const Word last[] = {"SET", "last", "1"};
    TROUPE_TRY(server_->call(always));
    TROUPE_TRY(server_->call(last));
    out.seconds = now() - start;
    TROUPE_ASSIGN(const std::uint64_t after, memory());
    out.memory_bytes = after - before;
    out.disk_bytes = bytes_below(folder_);
    const Word everysec[] = {"CONFIG", "SET", "appendfsync", "everysec"};
    TROUPE_TRY(server_->call(everysec));
    return out;
  }

  Result<Taken> take(const Workload& load) override {
    const Word create[] = {"XGROUP", "CREATE", "samples", "trainer", "0"};
    TROUPE_TRY(server_->call(create));
    const std::string count = std::to_string(load.group);
    const Word read[] = {"XREADGROUP", "GROUP",   "trainer", "one", "COUNT",
                         count,        "STREAMS", "samples", ">"};
    Taken out;
    for (int i = 0; i < load.takes && !interrupted(); ++i) {
      const double start = now();
      TROUPE_ASSIGN(const auto entries, server_->call(read));
      if (entries->type == REDIS_REPLY_NIL) break;  // all were given out
      std::vector<Word> words = {"XACK", "samples", "trainer"};
      const auto ids = entry_ids(*entries, static_cast<std::size_t>(load.sample_bytes));
      if (ids.empty()) return fail(ErrorCode::kInternal, "redis: not the samples that were added");
      words.insert(words.end(), ids.begin(), ids.end());
      TROUPE_TRY(server_->call(words));
      out.seconds.push_back(now() - start);
      out.samples += static_cast<std::int64_t>(ids.size());
    }
    return out;
  }

 private:
  // Bytes that the server has allocated.
  Result<std::uint64_t> memory() {
    const Word usage[] = {"MEMORY", "STATS"};
    TROUPE_ASSIGN(const auto reply, server_->call(usage));
    for (std::size_t i = 0; i + 1 < reply->elements; i += 2) {
      if (Word(reply->element[i]->str) != "total.allocated") continue;
      return static_cast<std::uint64_t>(reply->element[i + 1]->integer);
    }
    return fail(ErrorCode::kInternal, "redis: MEMORY STATS without total.allocated");
  }

  std::unique_ptr<RedisServer> server_;
  std::string folder_;
};

Result<std::unique_ptr<Contender>> make(const std::string& folder) {
  TROUPE_ASSIGN(auto server, RedisServer::start(folder));
  return std::make_unique<Redis>(std::move(server), folder);
}

}  // namespace

std::vector<Entry> redis_entries(std::int64_t sample_bytes) {
  return {{"redis", fmt::format("XADD, {} in flight", kDepth), lost_at_power_cut(), sample_bytes,
           16, &make, ""}};
}

}  // namespace troupe::bench
