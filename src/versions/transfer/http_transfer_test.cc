#include <gtest/gtest.h>

#include <memory>
#include <thread>

#include "versions/transfer/http_transfer_test_support.h"
#include "versions/transfer/transfer_plan.h"

namespace troupe {
namespace {

using namespace transfer_test;

TEST(HttpTransfer, SaysWhatItOffers) {
  Producer producer(1);
  const auto server = serve(producer.source());
  HttpClient client(*parse_url(server->url()), "t");
  EXPECT_EQ(client.get_text({.path = "/v1/policies"})->body, "{\"policies\":[\"p\"]}\n");
  for (const char* path :
       {"/", "/v1", "/v1/policies/q", "/v1/policies/p/payloads", "/v1/policies/p/payloads/none",
        "/v1/policies/p/payloads/head.json", "/v1/policies/../p", "/v1/policies/p/x/y/z"}) {
    EXPECT_EQ(client.get_text({.path = path})->status, 404) << path;
  }
  HttpPayloads remote = remote_at(server->url());
  const auto catalogue = remote.catalogue("p");
  ASSERT_TRUE(catalogue) << catalogue.error().message;
  EXPECT_EQ(catalogue->head, producer.catalogue().head);
  const auto missing = remote.catalogue("q");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
  const auto refused = remote_at(server->url(), "wrong").catalogue("p");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalid);
  EXPECT_NE(refused.error().message.find("refused the token"), std::string::npos);
}

TEST(HttpTransfer, AWrongTokenFailsAtOnce) {
  Producer producer(1);
  const auto server = serve(producer.source());
  HttpPayloads remote = remote_at(server->url(), "wrong");
  Receiver receiver;
  const auto report = receiver.pull_from({&remote});
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, ErrorCode::kInvalid);
}

TEST(HttpTransfer, ReceiversAtDifferentVersionsAtOnce) {
  Producer producer(2, 100);
  const auto server = serve(producer.source());
  std::vector<std::unique_ptr<Receiver>> receivers;
  for (int i = 0; i < 4; ++i) {
    receivers.push_back(std::make_unique<Receiver>());
    HttpPayloads remote = remote_at(server->url());
    if (i < 3) {  // the last one has nothing
      ASSERT_TRUE(receivers.back()->pull_from({&remote}));
    }
    producer.publish();
  }
  std::vector<std::thread> threads;
  for (auto& receiver : receivers) {
    threads.emplace_back([&] {
      HttpPayloads remote = remote_at(server->url());
      const auto report = receiver->pull_from({&remote});
      EXPECT_TRUE(report) << report.error().message;
    });
  }
  for (auto& thread : threads) thread.join();
  for (auto& receiver : receivers) {
    EXPECT_EQ(receiver->held.id, producer.catalogue().head);
    EXPECT_TRUE(producer.is_right(receiver->held));
  }
}

TEST(HttpTransfer, EndsAtTheHeadThroughABrokenNetwork) { pull_through_broken_network(1, 3); }

TEST(HttpTransfer, GoesDownATreeOfReceivers) {
  Producer producer(3, 3, 4);
  const auto root = serve(producer.source());
  std::vector<std::unique_ptr<Receiver>> receivers;
  std::vector<std::unique_ptr<HttpServer>> servers;
  std::vector<std::string> urls;
  for (int i = 0; i < 6; ++i) {
    receivers.push_back(std::make_unique<Receiver>());
    servers.push_back(serve(receivers.back()->folder));
    urls.push_back(servers.back()->url());
  }
  const auto plan = tree_plan(root->url(), urls, 2);
  ASSERT_TRUE(plan);
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 6; ++i) {
      HttpPayloads parent = remote_at(plan->edges[i].sources.front());
      ASSERT_TRUE(receivers[i]->pull_from({&parent}));
      EXPECT_EQ(receivers[i]->held.id, producer.catalogue().head);
      EXPECT_TRUE(producer.is_right(receivers[i]->held));
    }
    for (int k = 0; k < 3; ++k) producer.publish();
  }
  // A parent that died: the producer comes last in its children's sources.
  servers[0].reset();
  HttpPayloads parent = remote_at(plan->edges[2].sources[0]);
  HttpPayloads last = remote_at(plan->edges[2].sources[1]);
  const auto report = receivers[2]->pull_from({&parent, &last});
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->failures, 1);
  EXPECT_TRUE(producer.is_right(receivers[2]->held));
  EXPECT_EQ(receivers[2]->held.id, producer.catalogue().head);
}

}  // namespace
}  // namespace troupe
