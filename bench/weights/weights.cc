// Bytes and time of a weight delta beside its entropy, memcpy and the published formats, and its
// transfer beside a raw socket copy.
// docs/benchmarks.md explains the output.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>

#include "common/numbers.h"
#include "common/other_load.h"
#include "common/stopwatch.h"
#include "versions/delta/apply.h"
#include "versions/delta/compare.h"
#include "versions/delta/encode.h"
#include "weights/drift.h"
#include "weights/published.h"
#include "weights/transfer.h"

using namespace troupe;
using namespace troupe::bench;

namespace {

using Json = nlohmann::ordered_json;

constexpr double kSizeAim = 1.1;      // payload over entropy, at most
constexpr double kCompareAim = 0.5;   // of memcpy's bandwidth, unchanged data
constexpr double kTransferAim = 0.8;  // of a raw socket copy
constexpr const char* kEntropy =
    "N h(K/N) + K H(d): N values, K changed, h binary entropy, H zero-order entropy of differences";

struct Options {
  bool json = false;
  std::uint64_t parameters = 100'000'000;
  double share = 0.006;
  double seconds = 1;                                       ///< of each figure
  std::uint64_t transfer_bytes = std::uint64_t{256} << 20;  ///< 0: no transfer
  std::string folder = "/tmp";
};

/// One thread's work on the bytes of one version.
struct Timed {
  const char* name;
  Rounds rounds;
};

struct Outcome {
  double lr = 0;
  DeltaEntropy entropy;
  EncodedDelta delta;
  std::uint64_t full = 0;    ///< bytes of a version
  std::uint64_t anchor = 0;  ///< bytes of a full anchor
  std::vector<Timed> times;  ///< the first is memcpy
  std::vector<PublishedSize> published;
  TransferOutcome transfer;
};

/// Versions 1 and 2 in turn: a delta forth, a delta back.
class Receiver {
 public:
  explicit Receiver(const std::vector<StateTensor>& base) {
    bits_.reserve(base.size());
    for (const StateTensor& tensor : base) bits_.emplace_back(tensor.bits);
    for (std::size_t i = 0; i < base.size(); ++i) held_.tensors.push_back({base[i].form, bits_[i]});
    held_.policy = "policy";
  }
  HeldState& held() { return held_; }
  [[nodiscard]] bool equals(const std::vector<StateTensor>& other) const {
    for (std::size_t i = 0; i < bits_.size(); ++i) {
      if (bits_[i] != other[i].bits) return false;
    }
    return true;
  }

 private:
  std::vector<std::string> bits_;
  HeldState held_;
};

Result<Outcome> measure(const Options& options) {
  Outcome out;
  out.lr = rate_for_share(options.share);
  const Drift drift(options.parameters, out.lr);
  const auto& base = drift.base();
  const auto& next = drift.next();
  out.full = drift.bytes();
  out.entropy = measure_entropy(base, next);
  const StateId from{0, 1, digest_of(base)};

  std::vector<std::string> copies;
  copies.reserve(base.size());
  for (const StateTensor& tensor : base) copies.emplace_back(tensor.bits);
  Rounds copying;  // measured again between the rounds of everything else
  const auto copy = [&] {
    const double start = now();
    for (std::size_t i = 0; i < base.size(); ++i) {
      std::memcpy(copies[i].data(), base[i].bits.data(), copies[i].size());
    }
    const double seconds = now() - start;
    copying.best = std::min(copying.best, seconds);
    copying.slowest = std::max(copying.slowest, seconds);
    ++copying.count;
  };
  copy();
  out.times.push_back({"memcpy", {}});
  const auto time = [&](const char* name, auto&& work) {
    out.times.push_back({name, measure_rounds(options.seconds, work, copy)});
  };

  std::vector<std::uint32_t> places;
  const auto compare = [&](const std::vector<StateTensor>& with) {
    for (std::size_t i = 0; i < base.size(); ++i) {
      places.clear();
      const std::string_view other = with[i].bits;
      find_changes(base[i].bits, other, 2, 0, places);
    }
  };
  std::vector<StateTensor> same;
  for (std::size_t i = 0; i < base.size(); ++i) same.push_back({base[i].form, copies[i]});
  time("compare, unchanged", [&] { compare(same); });
  time("compare", [&] { compare(next); });
  std::string digest;
  time("digest", [&] { digest = digest_of(next); });
  Status encoded;
  time("encode", [&] {  // comparing and digesting included
    auto delta = encode_delta("policy", from, base, 0, 2, next);
    if (delta) {
      out.delta = std::move(*delta);
    } else {
      encoded = tl::unexpected(delta.error());
    }
  });
  TROUPE_TRY(encoded);
  TROUPE_ASSIGN(const EncodedDelta back,
                encode_delta("policy", out.delta.target, next, 0, 1, base));
  TROUPE_ASSIGN(const EncodedDelta anchor, encode_anchor("policy", 0, 2, next));
  out.anchor = anchor.payload.size();

  Receiver receiver(base);
  receiver.held().id = from;
  bool forth = false;
  Status applied;
  time("apply", [&] {
    if (!applied) return;
    forth = !forth;
    applied = apply_delta(forth ? out.delta.payload : back.payload, receiver.held());
  });
  TROUPE_TRY(applied);
  if (!receiver.equals(forth ? next : base)) {
    return fail(ErrorCode::kInternal, "the applied delta did not give the version's bits");
  }
  out.times.front().rounds = copying;
  out.published = measure_published(base, next);
  if (options.transfer_bytes > 0) {
    TROUPE_ASSIGN(out.transfer,
                  measure_transfer(options.transfer_bytes, options.seconds, options.folder));
  }
  return out;
}

double over(std::uint64_t a, std::uint64_t b) {
  return static_cast<double>(a) / static_cast<double>(b);
}

double share_of_memcpy(const Outcome& out, const Timed& timed) {
  return out.times.front().rounds.best / timed.rounds.best;
}

double share_of_raw(const TransferOutcome& out, const TransferFigure& figure) {
  return out.raw(figure).rounds.best / figure.rounds.best;
}

double transfer_rate(const TransferOutcome& out, const TransferFigure& figure) {
  return static_cast<double>(out.bytes) * figure.receivers / figure.rounds.best;
}

double over_entropy(const Outcome& out) {
  return static_cast<double>(out.delta.payload.size()) / out.entropy.bytes();
}

void print_json(const Outcome& out, const Options& options, double others) {
  Json json = {{"parameters", options.parameters},
               {"share", over(out.entropy.changed, out.entropy.values)},
               {"learning_rate", out.lr},
               {"full_bytes", out.full},
               {"payload_bytes", out.delta.payload.size()},
               {"anchor_bytes", out.anchor},
               {"times_smaller", over(out.full, out.delta.payload.size())},
               {"entropy", kEntropy},
               {"entropy_bytes", out.entropy.bytes()},
               {"payload_over_entropy", over_entropy(out)},
               {"other_processes_share", others}};
  for (const Timed& timed : out.times) {
    json["times"].push_back(
        {{"name", timed.name},
         {"bytes_per_second", static_cast<double>(out.full) / timed.rounds.best},
         {"seconds", timed.rounds.best},
         {"slowest_seconds", timed.rounds.slowest},
         {"rounds", timed.rounds.count},
         {"share_of_memcpy", share_of_memcpy(out, timed)}});
  }
  for (const PublishedSize& one : out.published) {
    json["published"].push_back({{"format", one.name},
                                 {"source", one.source},
                                 {"bytes", one.bytes},
                                 {"times_ours", over(one.bytes, out.delta.payload.size())},
                                 {"encode_seconds", one.encode_seconds}});
  }
  for (const TransferFigure& figure : out.transfer.figures) {
    json["transfer"].push_back({{"name", figure.name},
                                {"receivers", figure.receivers},
                                {"bytes", out.transfer.bytes},
                                {"bytes_per_second", transfer_rate(out.transfer, figure)},
                                {"seconds", figure.rounds.best},
                                {"slowest_seconds", figure.rounds.slowest},
                                {"rounds", figure.rounds.count},
                                {"share_of_raw", share_of_raw(out.transfer, figure)}});
  }
  json["aims"] = {
      {{"name", "payload_over_entropy"}, {"reached", over_entropy(out)}, {"aim", kSizeAim}},
      {{"name", "compare, unchanged"},
       {"reached", share_of_memcpy(out, out.times[1])},
       {"aim", kCompareAim}}};
  for (const TransferFigure& figure : out.transfer.figures) {
    if (figure.receivers > 1 || &figure == &out.transfer.raw(figure)) continue;
    json["aims"].push_back({{"name", figure.name},
                            {"reached", share_of_raw(out.transfer, figure)},
                            {"aim", kTransferAim}});
  }
  fmt::print("{}\n", json.dump(1));
}

void print_size(const std::string& name, double bytes, const Outcome& out) {
  fmt::print("{:<24} {:>14} {:>8.2f} {:>8.1f}x\n", name, with_commas(bytes),
             bytes / out.entropy.bytes(), static_cast<double>(out.full) / bytes);
}

void print_table(const Outcome& out, double others) {
  fmt::print("{} bf16 values, {:.3f}% changed by a step of learning rate {:.2g}, one core\n\n",
             with_commas(static_cast<double>(out.entropy.values)),
             100 * over(out.entropy.changed, out.entropy.values), out.lr);
  fmt::print("{:<24} {:>14} {:>8} {:>9}\n", "format", "bytes", "entropy", "smaller");
  print_size("full", static_cast<double>(out.full), out);
  print_size("full anchor", static_cast<double>(out.anchor), out);
  for (const PublishedSize& one : out.published) {
    print_size(one.name, static_cast<double>(one.bytes), out);
  }
  print_size("troupe", static_cast<double>(out.delta.payload.size()), out);
  print_size("entropy", out.entropy.bytes(), out);
  fmt::print("entropy = {}\n\n", kEntropy);
  fmt::print("{:<24} {:>8} {:>8} {:>12}\n", "work", "ms", "GB/s", "of memcpy");
  for (const Timed& timed : out.times) {
    fmt::print("{:<24} {:>8.1f} {:>8.1f} {:>11.0f}%\n", timed.name, 1e3 * timed.rounds.best,
               1e-9 * static_cast<double>(out.full) / timed.rounds.best,
               100 * share_of_memcpy(out, timed));
  }
  fmt::print(
      "\npayload: {:.3f} of its entropy, aim at most {}; compare: {:.2f} of memcpy, aim {}\n",
      over_entropy(out), kSizeAim, share_of_memcpy(out, out.times[1]), kCompareAim);
  if (!out.transfer.figures.empty()) {
    fmt::print("\n{} bytes over loopback TCP\n{:<24} {:>9} {:>8} {:>8} {:>12}\n",
               with_commas(static_cast<double>(out.transfer.bytes)), "transfer", "receivers", "ms",
               "GB/s", "of raw copy");
  }
  for (const TransferFigure& figure : out.transfer.figures) {
    fmt::print("{:<24} {:>9} {:>8.1f} {:>8.1f} {:>11.0f}%\n", figure.name, figure.receivers,
               1e3 * figure.rounds.best, 1e-9 * transfer_rate(out.transfer, figure),
               100 * share_of_raw(out.transfer, figure));
  }
  if (others > 0.05) {
    fmt::print(
        "other processes and the kernel used {:.0f}% of the processors meanwhile: a quiet machine "
        "gives higher figures\n",
        100 * others);
  }
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app(
      "Measures bytes and time of a weight delta. docs/benchmarks.md says what each column means.",
      "weights");
  app.add_flag("--json", options.json, "print JSON only");
  app.add_option("--parameters", options.parameters, "bf16 values (100000000)")
      ->check(CLI::Range(1000ULL, 1ULL << 33));
  app.add_option("--share", options.share, "share of them that changes (0.006)")
      ->check(CLI::Range(1e-5, 0.9));
  app.add_option("--seconds", options.seconds, "seconds of each figure (1)")
      ->check(CLI::Range(0.0, 1e6));
  app.add_option("--transfer-bytes", options.transfer_bytes,
                 "payload that is transferred (268435456); 0: none")
      ->check(CLI::Range(0ULL, 1ULL << 40));
  app.add_option("--folder", options.folder, "where it and its copies lie meanwhile (/tmp)");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const OtherLoad others;
  auto out = measure(options);
  if (!out) {
    fmt::print(stderr, "weights: {}\n", out.error().message);
    return 1;
  }
  if (options.json) {
    print_json(*out, options, others.share());
  } else {
    print_table(*out, others.share());
  }
  return 0;
}
