#include "engine/report.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "common/numbers.h"
#include "engine/engine_under_test.h"
#include "engine/limits.h"

namespace troupe::bench {
namespace {

using Json = nlohmann::ordered_json;

struct Limit {
  double seconds = 0;  // 0: none was measured
  bool memory = false;
};

// The work can be no faster than its FLOPs at the products' peak, nor than its bytes can be read.
Limit limit_of(const Row& row) {
  const double arithmetic = row.peak > 0 ? row.cost.flops / row.peak : 0;
  const double memory = row.bandwidth > 0 ? row.cost.bytes / row.bandwidth : 0;
  return {std::max(arithmetic, memory), memory > arithmetic};
}

Json to_json(const LimitRow& row) {
  return {{"name", row.name},
          {"detail", row.detail},
          {"threads", row.threads},
          {row.unit[1] == 'B' ? "gigabytes_per_second" : "gflops", row.value}};
}

Json to_json(const Row& row) {
  Json json = {{"part", row.part},
               {"name", row.name},
               {"dtype", dtype_name(row.dtype)},
               {"threads", row.threads}};
  if (row.batch > 0) {
    json["batch"] = row.batch;
    json["prompt"] = kPrompt;
    json["new_tokens"] = row.new_tokens;
  }
  if (row.sequences > 0) {
    json["sequences"] = row.sequences;
    json["length"] = kTrainLength;
  }
  json["rounds"] = row.rounds;
  json["seconds"] = row.seconds;
  json["slowest_seconds"] = row.slowest;
  if (row.cost.flops > 0) {
    json["flops"] = row.cost.flops;
    json["gflops"] = row.cost.flops / row.seconds / 1e9;
  }
  if (row.tokens > 0) json["tokens_per_second"] = row.tokens / row.seconds;
  if (row.cost.bytes > 0) json["bytes"] = row.cost.bytes;
  if (row.peak > 0) json["peak_gflops"] = row.peak / 1e9;
  if (row.bandwidth > 0) json["read_gigabytes_per_second"] = row.bandwidth / 1e9;
  if (row.reference > 0) json["reference_gflops"] = row.cost.flops / row.reference / 1e9;
  const Limit limit = limit_of(row);
  if (limit.seconds > 0) {
    json["limit"] = limit.memory ? "memory" : "gemm";
    json["limit_seconds"] = limit.seconds;
    if (row.tokens > 0) json["limit_tokens_per_second"] = row.tokens / limit.seconds;
    json["share"] = limit.seconds / row.seconds;
  }
  return json;
}

std::string text_of(const Row& row) {
  std::string name = row.part + " " + row.name;
  if (row.batch > 0) name += fmt::format(" batch {}", row.batch);
  std::string text = fmt::format("{:<30} {} {:>2} thread{} ", name, dtype_name(row.dtype),
                                 row.threads, row.threads == 1 ? " " : "s");
  if (row.tokens > 0)
    text += fmt::format("{:>10} tokens/s ", with_commas(row.tokens / row.seconds));
  if (row.cost.flops > 0) {
    text += fmt::format("{:>6.1f} GFLOP/s", row.cost.flops / row.seconds / 1e9);
  } else {
    text += fmt::format("{:>9.2f} ms", row.seconds * 1e3);
  }
  const Limit limit = limit_of(row);
  if (limit.seconds > 0) {
    text += fmt::format(" {:>4.0f}% of ", 100 * limit.seconds / row.seconds);
    if (row.tokens > 0)
      text += fmt::format("{} tokens/s: ", with_commas(row.tokens / limit.seconds));
    text += limit.memory ? fmt::format("reads at {:.0f} GB/s", row.bandwidth / 1e9)
                         : fmt::format("products at {:.0f} GFLOP/s", row.peak / 1e9);
  }
  if (row.reference > 0) {
    text += fmt::format("; {} {:.1f}", "oneDNN", row.cost.flops / row.reference / 1e9);
  }
  return text;
}

}  // namespace

Report::Report(bool json, int jobs)
    : json_(json), terminal_(isatty(STDERR_FILENO) != 0), jobs_(jobs) {}
Report::~Report() { clear_progress(); }

void Report::clear_progress() const {
  if (terminal_) fmt::print(stderr, "\r\033[K");
}

void Report::progress(const std::string& name) {
  ++job_;
  if (!terminal_) return;
  fmt::print(stderr, "\r\033[K[{}/{}] {}", job_, jobs_, name);
  std::fflush(stderr);
}

void Report::heading(const std::string& text) {
  if (json_) return;
  clear_progress();
  fmt::print("{}\n", text);
  std::fflush(stdout);
}

void Report::add(const LimitRow& row) {
  limits_.push_back(row);
  heading(fmt::format("{:<30} {:>2} thread{} {:>8.1f} {}", row.name + " " + row.detail, row.threads,
                      row.threads == 1 ? " " : "s", row.value, row.unit));
}

void Report::add(const Row& row) {
  rows_.push_back(row);
  heading(text_of(row));
}

void Report::finish() {
  clear_progress();
  const double others = others_.share();
  if (others > 0.05) {
    heading(
        fmt::format("other processes used {:.0f}% of the processors meanwhile: a quiet machine "
                    "gives higher figures",
                    100 * others));
  }
  if (!json_) return;
  Json json;
  for (const Dtype dtype : {Dtype::kFp32, Dtype::kBf16}) {
    json["kernels"][dtype_name(dtype)] = engine_kernels(dtype);
  }
  json["peak"] = GemmPeak::source();
  for (const Formula& formula : formulas()) json["formulas"][formula.name] = formula.text;
  json["other_processes_share"] = others;
  json["limits"] = Json::array();
  for (const LimitRow& row : limits_) json["limits"].push_back(to_json(row));
  json["rows"] = Json::array();
  for (const Row& row : rows_) json["rows"].push_back(to_json(row));
  fmt::print("{}\n", json.dump(1));
}

}  // namespace troupe::bench
