#include "orchestrate/publications.h"

#include <gtest/gtest.h>

#include "base/disk_simulated.h"
#include "model/dtype.h"

namespace troupe {
namespace {

std::shared_ptr<const Weights> random_model(std::uint64_t seed) {
  ModelConfig c;
  c.width = 8;
  c.layers = 1;
  c.heads = 2;
  c.kv_heads = 1;
  c.head_dim = 4;
  c.ffn = 8;
  c.vocab = 5;
  return std::make_shared<const Weights>(random_weights(c, seed));
}

Version version(std::int64_t incarnation, std::int64_t number) { return {incarnation, number}; }

struct Stage {
  SimulatedDisk disk;
  std::unique_ptr<Executor> executor;
  std::vector<std::string> notes;

  /// Each job takes a second.
  Stage() {
    VirtualOptions options;
    options.job_time = [](const Job&) { return kSecond; };
    executor = make_virtual_executor(options);
  }
  std::unique_ptr<Publications> make(Nanos limit = 60 * kSecond) {
    Publications::Setting setting{*executor, disk, VersionsOptions(), "run/versions"};
    setting.disk_limit = limit;
    setting.note = [this](const std::string& text) { notes.push_back(text); };
    return std::make_unique<Publications>(std::move(setting));
  }
  [[nodiscard]] StateId head() {
    return PublishedFolder(disk, "run/versions").catalogue("p").value().head;
  }
};

const std::vector<std::string> kPolicies = {"p"};

TEST(Publications, GoOnBesideTheRunOneAtATime) {
  Stage stage;
  const auto body = [&]() -> Async<Status> {
    const auto all = stage.make();
    std::vector<std::string> policies = kPolicies;
    Status status = co_await all->open(std::move(policies), true);
    EXPECT_TRUE(status);
    EXPECT_EQ(all->next_incarnation(), 0);
    const Nanos began = stage.executor->now();
    status = co_await all->begin(0, version(1, 0), random_model(1), Dtype::kBf16);
    EXPECT_TRUE(status);
    EXPECT_EQ(stage.executor->now(), began) << "the run goes on";
    EXPECT_TRUE(all->numbers(0).empty());
    status = co_await all->begin(0, version(1, 1), random_model(2), Dtype::kBf16);
    EXPECT_TRUE(status);
    EXPECT_EQ(stage.executor->now(), began + kSecond) << "after the one before";
    NamedNumbers numbers = all->numbers(0);
    EXPECT_FALSE(numbers.contains("changed_share")) << "the first has none before it";
    EXPECT_EQ(numbers["payload_bytes"], numbers["anchor_bytes"]);
    EXPECT_EQ(numbers["seconds"], 1.0);
    // A step that was skipped makes no version.
    status = co_await all->begin(0, version(1, 1), random_model(2), Dtype::kBf16);
    EXPECT_TRUE(status);
    EXPECT_GT(all->numbers(0).at("changed_share"), 0.9);
    status = co_await all->begin(0, version(1, 1), random_model(2), Dtype::kBf16);
    EXPECT_TRUE(all->numbers(0).empty()) << "told once";
    status = co_await all->begin(0, version(1, 2), random_model(3), Dtype::kBf16);
    EXPECT_TRUE(status);
    status = co_await all->finish(false);
    EXPECT_TRUE(status);
    EXPECT_EQ(stage.head().number, 2);
    EXPECT_EQ(all->next_incarnation(), 2);
    co_return Status();
  };
  ASSERT_TRUE(stage.executor->run(body()));
}

TEST(Publications, AResumeGoesOnFromItsOwnVersionInANewIncarnation) {
  Stage stage;
  const auto body = [&]() -> Async<Status> {
    std::vector<std::string> policies = kPolicies;
    auto all = stage.make();
    Status status = co_await all->open(policies, true);
    for (int i = 0; i < 4; ++i) {
      status = co_await all->begin(0, version(1, i), random_model(10U + i), Dtype::kFp32);
      EXPECT_TRUE(status);
    }
    status = co_await all->finish(false);
    const StateId lost = stage.head();
    const std::uint64_t calls = stage.disk.calls();

    // At the head: nothing to do, under whatever name.
    all = stage.make();
    status = co_await all->open(policies, false);
    EXPECT_EQ(all->next_incarnation(), 2);
    status = co_await all->begin(0, version(2, 3), random_model(13), Dtype::kFp32);
    status = co_await all->finish(false);
    EXPECT_TRUE(status);
    EXPECT_EQ(stage.head(), lost);
    EXPECT_LE(stage.disk.calls(), calls + 2) << "nothing written";

    // Before it: whoever has the lost version comes back. The experience may know this version and
    // the next, which the resume repeats, under their old incarnation.
    all = stage.make();
    status = co_await all->open(policies, false);
    status = co_await all->begin(0, version(1, 0), random_model(10), Dtype::kFp32);
    status = co_await all->begin(0, version(1, 1), random_model(11), Dtype::kFp32);
    status = co_await all->finish(false);
    EXPECT_TRUE(status);
    PublishedFolder reader(stage.disk, "run/versions");
    const auto catalogue = reader.catalogue("p");
    EXPECT_TRUE(catalogue.has_value());
    EXPECT_EQ(catalogue->head.text(), "version 2.1");
    EXPECT_TRUE(plan_path(*catalogue, &lost));

    // And once more from the head that this left, whose incarnation the experience is behind.
    all = stage.make();
    status = co_await all->open(policies, false);
    status = co_await all->begin(0, version(1, 1), random_model(11), Dtype::kFp32);
    status = co_await all->begin(0, version(1, 2), random_model(12), Dtype::kFp32);
    status = co_await all->finish(false);
    EXPECT_EQ(stage.head().text(), "version 2.2");
    status = co_await all->begin(0, version(4, 3), random_model(13), Dtype::kFp32);
    status = co_await all->finish(false);
    EXPECT_TRUE(status);
    EXPECT_EQ(stage.head().text(), "version 4.3");
    // A crash between a checkpoint and its publication: behind the head, so in its incarnation.
    all = stage.make();
    status = co_await all->open(policies, false);
    status = co_await all->begin(0, version(1, 5), random_model(15), Dtype::kFp32);
    status = co_await all->finish(false);
    EXPECT_TRUE(status);
    EXPECT_EQ(stage.head().text(), "version 4.5");

    // A new run does not go on from another's versions.
    all = stage.make();
    status = co_await all->open(policies, true);
    EXPECT_TRUE(status);
    EXPECT_EQ(all->next_incarnation(), 0);
    co_return Status();
  };
  ASSERT_TRUE(stage.executor->run(body()));
}

// A new run removes what an earlier one published; a crash in the middle of that leaves no head
// without its payloads.
TEST(Publications, HalfARemovalLeavesNoHead) {
  const auto publish_one = [](Stage& stage, bool again) {
    const auto all = stage.make();
    const auto body = [&]() -> Async<Status> {
      std::vector<std::string> policies = kPolicies;
      Status status = co_await all->open(std::move(policies), true);
      if (!status) co_return status;
      status = co_await all->begin(0, version(0, 0), random_model(again ? 2 : 1), Dtype::kFp32);
      if (!status) co_return status;
      status = co_await all->finish(true);
      co_return status;
    };
    return stage.executor->run(body());
  };
  int crashes = 0;
  for (std::uint64_t call = 0;; ++call) {
    Stage stage;
    ASSERT_TRUE(publish_one(stage, false));
    stage.disk.crash_at(stage.disk.calls() + call);
    if (publish_one(stage, true)) break;
    ++crashes;
    for (const auto loss : {SimulatedDisk::Loss::kNone, SimulatedDisk::Loss::kAll}) {
      const auto found = stage.disk.after_crash(loss, call);
      PublishedFolder folder(*found, "run/versions");
      const auto catalogue = folder.catalogue("p");
      if (!catalogue) continue;  // nothing is published
      const auto state = materialise(folder, *catalogue, catalogue->head);
      EXPECT_TRUE(state) << "call " << call << ": " << state.error().message;
    }
  }
  EXPECT_GT(crashes, 5);
}

TEST(Publications, WaitForADiskThatIsFullAndGiveUpInTheEnd) {
  Stage stage;
  const auto body = [&]() -> Async<Status> {
    std::vector<std::string> policies = kPolicies;
    auto all = stage.make(20 * kSecond);
    Status status = co_await all->open(policies, true);
    stage.disk.fail_while(ErrorCode::kNoSpace);
    status = co_await all->begin(0, version(1, 0), random_model(1), Dtype::kBf16);
    EXPECT_TRUE(status);
    co_await sleep_for(*stage.executor, 9 * kSecond);
    EXPECT_EQ(stage.notes.size(), 1) << "said once";
    stage.disk.heal();
    status = co_await all->begin(0, version(1, 1), random_model(2), Dtype::kBf16);
    EXPECT_TRUE(status);
    status = co_await all->finish(false);
    EXPECT_TRUE(status);
    EXPECT_EQ(stage.head().number, 1);

    stage.disk.fail_while(ErrorCode::kNoSpace);
    status = co_await all->begin(0, version(1, 2), random_model(3), Dtype::kBf16);
    EXPECT_TRUE(status);
    const Nanos began = stage.executor->now();
    status = co_await all->begin(0, version(1, 3), random_model(4), Dtype::kBf16);
    EXPECT_FALSE(status);
    EXPECT_EQ(status ? ErrorCode::kInternal : status.error().code, ErrorCode::kNoSpace);
    EXPECT_GE(stage.executor->now() - began, 20 * kSecond);
    EXPECT_LE(stage.executor->now() - began, 25 * kSecond);
    status = co_await all->finish(true);
    EXPECT_FALSE(status) << "the error stays";
    EXPECT_EQ(stage.head().number, 1) << "readers see the last one that was published";
    co_return Status();
  };
  ASSERT_TRUE(stage.executor->run(body()));
}

TEST(Publications, InAHurryNothingIsTriedAgain) {
  Stage stage;
  const auto body = [&]() -> Async<Status> {
    std::vector<std::string> policies = kPolicies;
    auto all = stage.make();
    Status status = co_await all->open(policies, true);
    stage.disk.fail_while(ErrorCode::kIo);
    status = co_await all->begin(0, version(1, 0), random_model(1), Dtype::kBf16);
    const Nanos began = stage.executor->now();
    status = co_await all->finish(true);
    EXPECT_FALSE(status);
    EXPECT_LE(stage.executor->now() - began, 2 * kSecond);
    co_return Status();
  };
  ASSERT_TRUE(stage.executor->run(body()));
}

}  // namespace
}  // namespace troupe
