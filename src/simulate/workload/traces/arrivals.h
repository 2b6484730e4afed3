#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "troupe/result.h"

namespace troupe {

class Disk;

/// One request of users who are served beside a run, or one row of a trace.
struct Arrival {
  double seconds = 0;  ///< since the first row
  std::int64_t prompt = 0;
  std::int64_t answer = 1;  ///< tokens

  friend bool operator==(const Arrival&, const Arrival&) = default;
};

/// Reads a trace of requests, in the order of time, the first at 0 s:
///
///   Azure's LLM inference traces   CSV with the header TIMESTAMP,ContextTokens,GeneratedTokens;
///                                  "2023-11-16 18:15:46.6805900", UTC
///   Mooncake's traces              JSONL of {"timestamp": ms, "input_length", "output_length"};
///                                  hash_ids and other keys are not used
///
/// (Azure/AzurePublicDataset; kvcache-ai/Mooncake, FAST 2025.) A file that begins with '{' is
/// JSONL. kInvalid, with file and line: a row that is neither, time that runs back by more than
/// kMostDisorder seconds, more tokens than kMostTraceTokens or an answer without any, a file
/// without rows or larger than kMostTraceBytes. `option` is the key that named the file. Blocks.
Result<std::vector<Arrival>> read_arrivals(Disk& disk, const std::string& path,
                                           const std::string& option);

constexpr std::int64_t kMostTraceTokens = 10'000'000;  ///< of a prompt, or of an answer
constexpr std::uint64_t kMostTraceBytes = 1ULL << 30;
constexpr double kMostDisorder = 60;  ///< rows of several front ends are not quite in order

/// How a trace becomes the load of another cluster.
struct ArrivalScale {
  double rate = 1;      ///< requests for each of the trace's; bursts keep their length
  double tokens = 1;    ///< tokens of prompts and answers for each of the trace's
  double from = 0;      ///< seconds of the trace that are left out at its begin
  double seconds = 0;   ///< length; a trace that is shorter is repeated. 0: its own
  double displace = 1;  ///< seconds by which copies of a request are apart at most
  std::uint64_t seed = 1;
};

/// The trace at another load. Each request comes floor(rate) times and, drawn, once more by the
/// fraction; copies are displaced, so that they are not one burst. In the order of time. A function
/// of its arguments. kInvalid: a scale that is not positive, or no request in that time.
Result<std::vector<Arrival>> scale_arrivals(const std::vector<Arrival>& trace,
                                            const ArrivalScale& scale);

}  // namespace troupe
