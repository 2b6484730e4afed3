// The bar: the same bytes appended to one file, with the same durability.
#include <fmt/format.h>

#include "base/disk.h"
#include "base/interrupt.h"
#include "store/contender.h"

namespace troupe::bench {
namespace {

constexpr std::int64_t kBlock = 1 << 20;

class Raw final : public Contender {
 public:
  Raw(std::string folder, bool blocks) : folder_(std::move(folder)), blocks_(blocks) {}

  Result<Appended> append(const Workload& load) override {
    const std::int64_t unit = blocks_ ? std::max(kBlock, load.sample_bytes) : load.sample_bytes;
    const SampleBytes units(unit);
    const auto disk = make_posix_disk();
    const std::int64_t most = load.samples * load.sample_bytes / unit;
    const double start = now();
    TROUPE_ASSIGN(const auto file, disk->create(folder_ + "/raw"));
    SyncTimer timer;
    std::int64_t done = 0;
    while (done < most && now() - start < load.seconds && !interrupted()) {
      TROUPE_TRY(file->append(units[done]));
      ++done;
      if (timer.due()) TROUPE_TRY(file->sync());
    }
    TROUPE_TRY(file->sync());
    Appended out;
    out.seconds = now() - start;
    out.samples = done * (unit / load.sample_bytes);
    out.disk_bytes = bytes_below(folder_);
    return out;
  }
  Result<Taken> take(const Workload&) override { return Taken{}; }

 private:
  std::string folder_;
  bool blocks_;
};

template <bool kBlocks>
Result<std::unique_ptr<Contender>> make(const std::string& folder) {
  return std::make_unique<Raw>(folder, kBlocks);
}

}  // namespace

std::vector<Entry> raw_entries(std::int64_t sample_bytes) {
  const std::string lost = lost_at_power_cut();
  return {{"raw", "1 MiB a write", lost, sample_bytes, 1, &make<true>, ""},
          {"raw", "a write a sample", lost, sample_bytes, 1, &make<false>, ""}};
}

}  // namespace troupe::bench
