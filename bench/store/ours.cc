// The experience store as a contender.
#include <fmt/format.h>

#include "common/allocated.h"
#include "store/contender.h"
#include "store/our_store.h"

namespace troupe::bench {
namespace {

/// Uses so much of the heap and frees it: the process is one that has held as many samples before,
/// as a run's is after its first steps. The first use of a page costs as much as keeping a sample
/// in it.
void warm_heap(std::int64_t bytes) {
  constexpr std::int64_t kBlock = 16 << 10;
  std::vector<std::unique_ptr<char[]>> blocks;
  for (std::int64_t i = 0; i < bytes; i += kBlock) {
    blocks.push_back(std::make_unique<char[]>(kBlock));  // zeros, so it is touched
  }
  // One block at the top, for good: what lies below it does not go back to the system.
  static const std::unique_ptr<char[]> top = std::make_unique<char[]>(kBlock);
}

class Ours final : public Contender {
 public:
  Ours(std::unique_ptr<OurStore> store, std::string folder)
      : store_(std::move(store)), folder_(std::move(folder)) {}

  void warm_up(const Workload& load) override {
    warm_heap(load.samples * (load.sample_bytes + 1024));
  }
  Result<Appended> append(const Workload& load) override {
    const std::uint64_t before = allocated();
    Appended out;
    const double start = now();
    TROUPE_ASSIGN(out.samples, store_->append(load.samples, load.seconds));
    out.seconds = now() - start;
    out.memory_bytes = allocated() - before;
    out.disk_bytes = bytes_below(folder_);
    return out;
  }
  Result<Taken> take(const Workload& load) override { return store_->take(load.takes); }

 private:
  std::unique_ptr<OurStore> store_;
  std::string folder_;
};

template <std::int64_t kSampleBytes, int kGroup>
Result<std::unique_ptr<Contender>> make(const std::string& folder) {
  OurStore::Setting setting;
  setting.sample_bytes = kSampleBytes;
  setting.group = kGroup;
  TROUPE_ASSIGN(auto store, OurStore::open(folder, setting));
  return std::make_unique<Ours>(std::move(store), folder);
}

template <std::int64_t kSampleBytes>
std::vector<Entry> entries() {
  const std::string lost =
      fmt::format("up to {} s", static_cast<double>(JournalOptions().flush_interval) / kSecond);
  return {{"troupe", "groups of 16", lost, kSampleBytes, 16, &make<kSampleBytes, 16>, ""},
          {"troupe", "groups of 1", lost, kSampleBytes, 1, &make<kSampleBytes, 1>, ""}};
}

}  // namespace

std::vector<Entry> our_entries(std::int64_t sample_bytes) {
  return sample_bytes == 4096 ? entries<4096>() : entries<65536>();
}

}  // namespace troupe::bench
