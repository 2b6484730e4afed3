#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "base/http_test_proxy.h"
#include "versions/transfer/http_payloads.h"
#include "versions/transfer/serve.h"
#include "versions/transfer/transfer_test_support.h"

namespace troupe::transfer_test {

inline constexpr HttpPayloads::Limits kQuick{2, 0.04};

inline std::unique_ptr<HttpServer> serve(PayloadSource& source) {
  HttpServerOptions options;
  options.token = "t";
  auto server = serve_payloads(source, options);
  EXPECT_TRUE(server) << server.error().message;
  return std::move(*server);
}

inline HttpPayloads remote_at(const std::string& url, const std::string& token = "t") {
  return {*parse_url(url), token, kQuick};
}

/// A receiver with a folder of its own.
struct Receiver {
  MemoryDisk disk = {};
  ReceivedPayloads store{disk, "to", "p"};
  PublishedFolder folder{disk, "to"};
  HeldVersion held = {};

  Result<PullReport> pull_from(const std::vector<RemotePayloads*>& sources,
                               std::uint64_t chunk = 1000) {
    const auto executor = make_live_executor(1);
    PullTask task;
    task.sources = sources;
    task.store = &store;
    task.held = &held;
    task.limits.chunk = chunk;
    task.limits.first_pause = kMillisecond;
    task.limits.longest_pause = 5 * kMillisecond;
    task.limits.deadline = 20 * kSecond;
    task.for_newcomers = true;
    return run_pull(*executor, task);
  }
};

/// Everything is real but the network, which breaks most connections somewhere: receivers of the
/// seeds first to last end at the head, twice.
inline void pull_through_broken_network(std::uint64_t first, std::uint64_t last) {
  int faults = 0;
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    SCOPED_TRACE(seed);
    Producer producer(seed);
    const auto server = serve(producer.source());
    HttpTestProxy proxy(server->port(), seed, 0.7, 6000);
    Receiver receiver;
    for (int round = 0; round < 2; ++round) {
      HttpPayloads remote = remote_at(proxy.url());
      const auto report = receiver.pull_from({&remote});
      ASSERT_TRUE(report) << report.error().message;
      EXPECT_EQ(receiver.held.id, producer.catalogue().head);
      EXPECT_TRUE(producer.is_right(receiver.held));
      producer.publish();
    }
    faults += proxy.faults();
  }
  EXPECT_GT(faults, static_cast<int>(last - first));
}

}  // namespace troupe::transfer_test
