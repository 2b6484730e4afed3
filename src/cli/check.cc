#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/interrupt.h"
#include "cli/commands.h"
#include "observe/progress_text.h"
#include "orchestrate/check_exact.h"

namespace troupe {
namespace {

struct CheckArguments {
  ExactOptions exact;
  long long threads = 0;
  bool json = false;
  bool quiet = false;
};

/// A bar that is redrawn in place on standard error, at most ten times a second.
class Bar {
 public:
  Bar(Executor& executor, std::int64_t total) : executor_(executor), total_(total) {}
  void draw(std::int64_t done) {
    const Nanos now = executor_.now();
    if (drawn_ && done < total_ && now - at_ < kSecond / 10) return;
    at_ = now;
    drawn_ = true;
    const double share = static_cast<double>(done) / static_cast<double>(total_);
    const double left = static_cast<double>(now) / kSecond * (1 / share - 1);
    fmt::print(stderr, "\r{} {} of {} cases, {} left\x1b[K", progress_bar(share, 40), done, total_,
               duration_text(left));
    std::fflush(stderr);
  }
  void erase() const {
    if (drawn_) fmt::print(stderr, "\r\x1b[K");
  }

 private:
  Executor& executor_;
  std::int64_t total_;
  Nanos at_ = 0;
  bool drawn_ = false;
};

Async<Status> run(Executor& executor, const CheckArguments& arguments, ExactReport& report) {
  Bar bar(executor, arguments.exact.only ? 1 : arguments.exact.cases);
  const bool show = !arguments.quiet && isatty(STDERR_FILENO) != 0;
  const auto progress = [&](std::int64_t done) {
    if (show) bar.draw(done);
  };
  auto checked = co_await check_exact(executor, arguments.exact, progress, interrupted);
  bar.erase();
  if (!checked) co_return tl::unexpected(checked.error());
  report = std::move(*checked);
  co_return Status();
}

int check(const CheckArguments& arguments) {
  watch_interrupts();
  const auto executor = make_live_executor(worker_count(arguments.threads));
  ExactReport report;
  const Status status = executor->run(run(*executor, arguments, report));
  if (!status) return report_error(status.error());
  fmt::print("{}", arguments.json ? exact_json(report) : exact_text(report, arguments.quiet));
  return report.counts.all_mismatches() == 0 ? 0 : 1;
}

}  // namespace

void add_check(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<CheckArguments>();
  CLI::App* command = app.add_subcommand("check", "Check Troupe's own promises on this machine");
  command->require_subcommand(1);
  CLI::App* exact = command->add_subcommand(
      "exact", "Random models and schedules: rollout and training agree to the bit");
  auto* cases = exact->add_option("--cases", arguments->exact.cases, "How many random models")
                    ->check(CLI::Range(1LL, 100'000'000LL))
                    ->capture_default_str();
  exact->add_option("--seed", arguments->exact.seed, "Chooses models, prompts and schedules")
      ->capture_default_str();
  exact->add_option("--case", arguments->exact.only, "Check this case alone (from 0)")
      ->check(CLI::Range(0LL, 100'000'000LL))
      ->excludes(cases);
  exact->add_option("--threads", arguments->threads, "Cases checked at once; 0: one a processor")
      ->check(CLI::Range(0LL, 1024LL))
      ->capture_default_str();
  auto* quiet = exact->add_flag("--quiet", arguments->quiet, "No bar and no table");
  exact->add_flag("--json", arguments->json, "The report as one JSON object")->excludes(quiet);
  exact->callback([arguments, &exit_code] { exit_code = check(*arguments); });
}

}  // namespace troupe
