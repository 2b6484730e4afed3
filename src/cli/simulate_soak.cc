#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <deque>

#include "base/process.h"
#include "cli/commands.h"
#include "cli/simulate.h"
#include "simulate/soak/soak.h"

namespace troupe {
namespace {

struct SoakArguments {
  std::uint64_t seeds = 100;
  std::uint64_t first = 1;
  std::uint64_t replay = 0;
  int jobs = 1;
  bool log = false;
  bool json = false;
};

/// Seeds that one child plays, and how long it may take, in seconds.
constexpr std::uint64_t kBatch = 50;
constexpr double kBatchLimit = 1800;

void tell(const FailedSeed& failed) {
  fmt::print(stderr, "{}", failure_text(failed));
  std::fflush(stderr);
}

/// Seeds that a child of this program plays, so that a seed which ends the process is found, too.
struct Batch {
  std::uint64_t first = 0, count = 0;
  std::unique_ptr<ChildProcess> child;
};

Status start(Batch& batch) {
  const std::vector<std::string> argv = {"/proc/self/exe",
                                         "simulate",
                                         "soak",
                                         "--first",
                                         std::to_string(batch.first),
                                         "--seeds",
                                         std::to_string(batch.count),
                                         "--json"};
  TROUPE_ASSIGN(batch.child, ChildProcess::start(argv));
  return {};
}

/// What the batch came to. A child that died without a word is a violation of its own if it had one
/// seed; with more, they are to be played one by one: `again`.
SoakTotals finish(Batch& batch, std::deque<Batch>& again) {
  SoakTotals part;
  const auto line = batch.child->read_line(kBatchLimit);
  if (line) {
    auto read = read_soak_json(*line);
    if (read) return std::move(*read);
  }
  if (batch.count > 1) {
    for (std::uint64_t i = 0; i < batch.count; ++i) again.push_back({batch.first + i, 1, nullptr});
    return part;
  }
  part.seeds = 1;
  part.failed.push_back(
      {batch.first, {{"tester", "the process ended: " + batch.child->stderr_tail()}}});
  return part;
}

Result<SoakTotals> play_in_children(const SoakArguments& arguments) {
  std::deque<Batch> todo;
  for (std::uint64_t at = 0; at < arguments.seeds; at += kBatch) {
    todo.push_back({arguments.first + at, std::min(kBatch, arguments.seeds - at), nullptr});
  }
  SoakTotals totals;
  std::deque<Batch> running;
  while (!todo.empty() || !running.empty()) {
    while (!todo.empty() && running.size() < static_cast<std::size_t>(arguments.jobs)) {
      TROUPE_TRY(start(todo.front()));
      running.push_back(std::move(todo.front()));
      todo.pop_front();
    }
    const SoakTotals part = finish(running.front(), todo);
    running.pop_front();
    for (const FailedSeed& failed : part.failed) tell(failed);
    totals.add(part);
  }
  return totals;
}

/// Plays one seed and says what happened. Gives the exit code.
int replay(std::uint64_t seed, bool log) {
  const SeedReport report = play_seed(seed, log);
  if (log) {
    fmt::print("{}\n", report.file);
    for (const std::string& line : report.log) fmt::print("{}\n", line);
  }
  fmt::print("seed {}: {} lives, {} events, digest {:016x}\n", report.seed, report.lives,
             report.events, report.digest);
  if (report.violations.empty()) return 0;
  std::fflush(stdout);
  tell({report.seed, report.violations});
  return 1;
}

int soak(const SoakArguments& arguments) {
  SoakTotals totals;
  if (arguments.jobs > 1) {
    auto played = play_in_children(arguments);
    if (!played) return report_error(played.error());
    totals = std::move(*played);
  } else {
    totals = play_seeds(arguments.first, arguments.seeds, [](const SeedReport& report) {
      if (!report.violations.empty()) tell({report.seed, report.violations});
    });
  }
  fmt::print("{}", arguments.json ? soak_json(totals) + "\n" : soak_text(totals));
  return totals.failed.empty() ? 0 : 1;
}

}  // namespace

void add_simulate_soak(CLI::App& simulate, int& exit_code) {
  auto arguments = std::make_shared<SoakArguments>();
  CLI::App* command = simulate.add_subcommand(
      "soak", "Play random small runs with faults and check that no law breaks (docs/soak.md)");
  command->add_option("--seeds", arguments->seeds, "How many seeds (100)")
      ->check(CLI::Range(1, 1'000'000'000));
  command->add_option("--first", arguments->first, "The first seed (1)");
  command->add_option("--jobs", arguments->jobs, "Processes that play side by side (1)")
      ->check(CLI::Range(1, 1024));
  command->add_flag("--json", arguments->json, "One JSON object");
  auto* again = command->add_option("--replay", arguments->replay, "Play this seed alone");
  command->add_flag("--log", arguments->log, "With --replay: print the run file and the events")
      ->needs(again);
  command->callback([arguments, again, &exit_code] {
    exit_code = again->count() > 0 ? replay(arguments->replay, arguments->log) : soak(*arguments);
  });
}

}  // namespace troupe
