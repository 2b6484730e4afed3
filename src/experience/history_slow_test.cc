#include "experience/history_test_support.h"
#include "experience/totals_test_support.h"

namespace troupe {
namespace {

using Loss = SimulatedDisk::Loss;

/// A history: lives with crashes between them, until the run is through.
class History {
 public:
  explicit History(std::uint64_t seed) : shape_(seed), rng_(seed_join(seed, "history")) {}

  std::int64_t crashes = 0;
  std::int64_t went_back = 0;  ///< to a checkpoint before the newest

  /// What went wrong; empty: nothing.
  std::string run(Totals& totals) {
    auto disk = std::make_unique<SimulatedDisk>(shape_.seed);
    ReferenceModel model(2);
    std::vector<HistoryCheckpoint> checkpoints(1);
    std::map<HistoryLife::Sample, std::int64_t> used;
    for (int life = 0; life < kLives; ++life) {
      VirtualOptions options;
      options.seed = rng_.next();
      auto executor = make_virtual_executor(options);
      auto store = open(*executor, *disk);
      if (!store) return store.error().message;
      // An older checkpoint than the newest: somebody thought better of it.
      if (rng_.below(3) == 0 && shape_.may_go_back()) {
        const std::size_t known = checkpoints.size();
        checkpoints.resize(1 + rng_.below(known));
        went_back += checkpoints.size() < known ? 1 : 0;
      }
      const bool last = life + 1 == kLives;
      if (!last && rng_.below(2) == 0) disk->crash_at(rng_.below(40));
      HistoryLife process(shape_, life, *executor, *disk, **store, checkpoints, used,
                          std::move(model));
      const Nanos end = last ? 3600 * kSecond : static_cast<Nanos>(rng_.below(3 * kSecond / 2));
      const Status ran = executor->run(process.run(end));
      if (!ran) return ran.error().message;
      totals.used_twice += process.used_twice();
      if (!process.problem().empty()) return process.problem();
      if (process.finished()) return unused(process.log().now());
      ++crashes;
      disk = disk->after_crash(loss(), rng_.next());
      auto found = reopened(*disk, process, totals);
      if (!found) return found.error().message;
      model = std::move(*found);
    }
    return "it did not come to its end";
  }

 private:
  static constexpr int kLives = 8;

  Loss loss() {
    constexpr std::array<Loss, 4> kLosses = {Loss::kNone, Loss::kAll, Loss::kRandom, Loss::kRandom};
    return kLosses[rng_.below(4)];
  }
  Result<std::unique_ptr<ExperienceStore>> open(Executor& executor, SimulatedDisk& disk) const {
    auto setting = test_setting(executor, disk);
    setting.journal.segment_bytes = shape_.segment_bytes;
    setting.journal.flush_interval = shape_.flush_interval;
    for (auto& policy : setting.policies) {
      policy.byte_budget = shape_.byte_budget;
      TROUPE_ASSIGN(policy.selector,
                    make_selector(shape_.selector, shape_.selector == "windowed" ? 1 : 0));
    }
    return ExperienceStore::open(std::move(setting));
  }
  /// The model of what a new process finds; an error if no crash can have left that.
  Result<ReferenceModel> reopened(SimulatedDisk& disk, const HistoryLife& process,
                                  Totals& totals) const {
    const auto executor = make_virtual_executor({});
    const auto copy = disk.after_crash(Loss::kNone, 0);  // a look at it changes nothing
    TROUPE_ASSIGN(const auto store, open(*executor, *copy));
    const Lsn end = store->journal().durable();
    if (end < process.synced()) {
      ++totals.lost;
      return fail(ErrorCode::kInternal, "what was synced is lost");
    }
    std::string difference;
    for (unsigned also = 0; also < 16; ++also) {
      auto model = process.log().at(end, also);
      if (!model) continue;
      const std::string now = model->difference(store->state());
      if (now.empty()) return std::move(*model);
      if (difference.empty()) difference = now;
    }
    ++totals.lost;
    return fail(ErrorCode::kInternal, "after a crash: " + difference);
  }
  /// At the end every sample that could be used has been.
  static std::string unused(const ReferenceModel& model) {
    for (std::size_t p = 0; p < model.policies.size(); ++p) {
      for (const auto& [key, part] : model.policies[p].parts) {
        if (!ended(part.state)) return ReferenceModel::name(p, key) + " was not used";
      }
    }
    return "";
  }

  HistoryShape shape_;
  Rng rng_;
};

TEST(StoreHistory, RandomHistoriesLoseNothingAndUseNothingTwice) {
  constexpr std::uint64_t kHistories = 10'000;
  Totals totals;
  std::int64_t crashes = 0;
  std::int64_t went_back = 0;
  for (std::uint64_t seed = 1; seed <= kHistories; ++seed) {
    History history(seed);
    const std::string problem = history.run(totals);
    ASSERT_EQ(problem, "") << "seed " << seed;
    ++totals.cases;
    crashes += history.crashes;
    went_back += history.went_back;
  }
  EXPECT_GT(crashes, static_cast<std::int64_t>(kHistories / 2));
  EXPECT_GT(went_back, static_cast<std::int64_t>(kHistories / 100));
  report(fmt::format("random histories checked, with {} crashes", crashes), totals);
}

}  // namespace
}  // namespace troupe
