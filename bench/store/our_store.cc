#include "store/our_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/interrupt.h"

namespace troupe::bench {
namespace {

const Wait kSoon(120 * kSecond, "the benchmark");

// Suspends until the strand has done what others posted.
class Yield {
 public:
  explicit Yield(Executor& executor) : executor_(executor) {}
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle) {
    executor_.post([handle] { handle.resume(); });
  }
  void await_resume() const noexcept {}

 private:
  Executor& executor_;
};

Trajectory make_sample(std::int64_t sample_bytes) {
  Trajectory out;
  out.agent = "agent";
  Segment said;
  said.sampled = true;
  said.tokens.resize(static_cast<std::size_t>(sample_bytes) / 8);
  said.logprobs.resize(said.tokens.size());
  out.segments.push_back(std::move(said));
  return out;
}

}  // namespace

Result<std::unique_ptr<OurStore>> OurStore::open(const std::string& folder, Setting setting) {
  std::unique_ptr<OurStore> out(new OurStore);
  out->setting_ = setting;
  JournalOptions journal;
  journal.folder = folder;
  ExperienceStore::Setting store{*out->executor_, *out->disk_, journal, {}, {}};
  ExperienceStore::Policy policy;
  policy.name = "policy";
  policy.agents = {"agent"};
  policy.byte_budget = std::uint64_t{1} << 40;  // all stay in memory
  store.policies.push_back(std::move(policy));
  TROUPE_ASSIGN(out->store_, ExperienceStore::open(std::move(store)));
  return out;
}

GroupKey OurStore::key(std::int64_t group) const {
  GroupKey out;
  out.step = group / setting_.groups_per_step;
  out.index = group % setting_.groups_per_step;
  return out;
}

Async<void> OurStore::let_others() {
  const double start = now();
  co_await Yield(*executor_);
  longest_pause_ = std::max(longest_pause_, now() - start);
}

Status OurStore::add_group(GroupKey key, const SampleBytes& bytes,
                           std::vector<Trajectory>& episode) {
  const std::int64_t place = store_->state().next_place();
  const auto most = static_cast<std::uint64_t>((setting_.sample_bytes + 64) * setting_.group);
  TROUPE_TRY(store_->reserve(key, place, std::to_string(place), std::vector<std::uint64_t>(1, most),
                             std::vector<std::int64_t>(1, 0)));
  TROUPE_TRY(store_->start(key));
  ColumnRecord advantages;
  advantages.key = key;
  advantages.column = Column::kAdvantage;
  Trajectory& sample = episode[0];
  Segment& said = sample.segments[0];
  const std::size_t half = said.tokens.size() * sizeof(TokenId);
  for (int member = 0; member < setting_.group; ++member) {
    const std::string_view data = bytes[appended_ * setting_.group + member];
    std::memcpy(said.tokens.data(), data.data(), half);
    std::memcpy(said.logprobs.data(), data.data() + half, half);
    sample.sample_id = fmt::format("{}_0_{}", place, member);
    sample.member = member;
    sample.reward = member % 2;
    TROUPE_TRY(store_->add_episode(key, member, episode));
    advantages.values.push_back(sample.reward - 0.5);
  }
  TROUPE_TRY(store_->fill(std::move(advantages)));
  TROUPE_TRY(store_->close(key));
  ++appended_;
  return {};
}

Async<Status> OurStore::append_groups(std::int64_t samples, double seconds, std::int64_t& done) {
  const SampleBytes bytes(setting_.sample_bytes);
  std::vector<Trajectory> episode(1, make_sample(setting_.sample_bytes));
  const std::vector<std::uint64_t> most(
      1, static_cast<std::uint64_t>((setting_.sample_bytes + 64) * setting_.group));
  const double start = now();
  std::int64_t since = 0;  // samples since others had the strand
  while (done < samples && now() - start < seconds && !interrupted()) {
    if (!store_->may_admit(most)) {
      Status room = co_await store_->wait_for_room(most, kSoon);
      if (!room) co_return room;
    }
    Status added = add_group(key(appended_), bytes, episode);
    if (!added) co_return added;
    done += setting_.group;
    since += setting_.group;
    if (since < 16) continue;
    since = 0;
    co_await let_others();
  }
  Status synced = co_await store_->sync(kSoon);
  co_return synced;
}

Result<std::int64_t> OurStore::append(std::int64_t samples, double seconds) {
  std::int64_t done = 0;
  TROUPE_TRY(executor_->run(append_groups(samples, seconds, done)));
  return done;
}

Async<Status> OurStore::take_groups(int groups, Taken& out) {
  for (int i = 0; i < groups && taken_ < appended_ && !interrupted(); ++i) {
    const GroupKey wanted = key(taken_);
    const double start = now();
    auto got = co_await store_->take(0, wanted.step, 1, kSoon);
    if (!got) co_return tl::unexpected(got.error());
    if (got->size() != 1 || (*got)[0]->key != wanted ||
        (*got)[0]->rows.size() != static_cast<std::size_t>(setting_.group)) {
      co_return fail(ErrorCode::kInternal, "troupe: not the samples that were added");
    }
    ++taken_;
    if (key(taken_).step != wanted.step) {
      Status covered = store_->cover(0, wanted.step, wanted.step + 1);
      if (!covered) co_return covered;
    }
    out.seconds.push_back(now() - start);
    out.samples += setting_.group;
    co_await let_others();
  }
  co_return Status();
}

Result<Taken> OurStore::take(int groups) {
  Taken out;
  TROUPE_TRY(executor_->run(take_groups(groups, out)));
  return out;
}

Async<Status> closed(ExperienceStore& store) {
  Status done = co_await store.close_journal(kSoon);
  co_return done;
}

Status OurStore::close() { return executor_->run(closed(*store_)); }

}  // namespace troupe::bench
