#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/executor.h"
#include "base/folder_lock.h"
#include "base/interrupt.h"
#include "cli/bar.h"
#include "cli/commands.h"
#include "cli/store.h"
#include "cli/versions_transfer.h"
#include "versions/transfer/http_payloads.h"
#include "versions/transfer/pull.h"
#include "versions/transfer/version_file.h"

namespace troupe {
namespace {

struct PullArguments {
  std::vector<std::string> urls;
  std::string policy;
  std::string token_file;
  std::string to;
  bool follow = false;
  bool for_peers = false;
  double every = 1;
  double deadline = 600;
};

/// Keeps a folder at the newest version of a policy.
class Pulling {
 public:
  Pulling(Executor& executor, PullArguments arguments)
      : executor_(executor),
        a_(std::move(arguments)),
        store_(*disk_, a_.to + "/payloads", a_.policy) {}

  Async<Status> run() {
    Status ready = prepare();
    if (!ready) co_return ready;
    while (true) {
      Status done = co_await once();
      if (!a_.follow) co_return done;
      if (!done && !may_follow(done.error())) co_return done;
      const Nanos next = executor_.now() + static_cast<Nanos>(a_.every * kSecond);
      while (executor_.now() < next && !interrupted()) {
        co_await sleep_for(executor_, std::min(kSecond / 10, next - executor_.now()));
      }
      if (interrupted()) co_return Status();
    }
  }

 private:
  [[nodiscard]] std::string file() const { return a_.to + "/model.safetensors"; }

  Status prepare() {
    TROUPE_ASSIGN(const std::string token, read_token(*disk_, a_.token_file));
    for (const std::string& url : a_.urls) {
      TROUPE_ASSIGN(const HttpUrl parsed, parse_url(url));
      sources_.push_back(std::make_unique<HttpPayloads>(parsed, token, HttpPayloads::Limits()));
    }
    TROUPE_TRY(disk_->make_folders(a_.to));
    TROUPE_ASSIGN(lock_, FolderLock::acquire(a_.to));
    auto saved = load_version(*disk_, file());
    if (saved && saved->policy != a_.policy) {
      return fail(ErrorCode::kInvalid,
                  fmt::format("{} holds policy {}; choose another folder", a_.to, saved->policy));
    }
    if (saved) {
      held_ = std::move(saved->held);
      saved_ = held_.id;
    } else if (saved.error().code != ErrorCode::kNotFound) {
      fmt::print(stderr, "troupe: {}; it is fetched again\n", saved.error().message);
    }
    return {};
  }

  /// Whether a follower waits for better times. What a pull has already waited for, it says.
  bool may_follow(const Error& error) {
    if (error.code == ErrorCode::kCancelled) return true;
    if (error.code != ErrorCode::kDeadline && error.code != ErrorCode::kNotFound) return false;
    complain(error.message);
    return true;
  }
  void complain(const std::string& problem) {
    if (problem == problem_) return;
    problem_ = problem;
    fmt::print(stderr, "troupe: {}; trying again\n", problem);
  }

  Async<Status> once() {
    const Nanos start = executor_.now();
    Result<PullReport> report = fail(ErrorCode::kInternal, "");
    {
      Bar bar(executor_);
      PullTask task;
      for (const auto& source : sources_) task.sources.push_back(source.get());
      task.store = &store_;
      task.held = &held_;
      task.limits.deadline = static_cast<Nanos>(a_.deadline * kSecond);
      task.limits.seed = static_cast<std::uint64_t>(unix_time() * 1e6);
      task.for_newcomers = a_.for_peers;
      task.stop = [] { return interrupted(); };
      task.progress = [&](const PullProgress& progress) {
        if (!progress.problem.empty()) complain(progress.problem);
        if (progress.of_bytes > 0) bar.draw(progress.bytes, progress.of_bytes);
      };
      report = co_await pull(executor_, std::move(task));
    }
    if (!report) co_return tl::unexpected(report.error());
    problem_.clear();
    if (held_.id == saved_) {
      if (!a_.follow) fmt::print("policy {}: {} is the newest\n", a_.policy, saved_.text());
      co_return Status();
    }
    Status written;
    std::function<void()> job = [&] { written = save(); };
    co_await on_io(executor_, "write the weights", job);
    if (!written) co_return written;
    fmt::print(
        "policy {}: {}, {} in {}, {:.2f} s{}\n", a_.policy, saved_.text(),
        bytes_text(report->fetched), counted(report->payloads, "payload"),
        static_cast<double>(executor_.now() - start) / kSecond,
        report->failures == 0 ? "" : ", after " + counted(report->failures, "failed attempt"));
    std::fflush(stdout);
    co_return Status();
  }

  Status save() {
    TROUPE_TRY(save_version(*disk_, file(), a_.policy, held_));
    const nlohmann::ordered_json state = {{"policy", a_.policy},
                                          {"incarnation", held_.id.incarnation},
                                          {"number", held_.id.number},
                                          {"digest", held_.id.digest}};
    TROUPE_TRY(write_atomic(*disk_, a_.to + "/state.json", state.dump(1) + "\n"));
    saved_ = held_.id;
    return {};
  }

  Executor& executor_;
  const PullArguments a_;
  std::unique_ptr<Disk> disk_ = make_posix_disk();
  std::unique_ptr<FolderLock> lock_;
  std::vector<std::unique_ptr<RemotePayloads>> sources_;
  ReceivedPayloads store_;
  HeldVersion held_;
  StateId saved_;
  std::string problem_;  ///< the last one that was shown
};

Async<Status> run_pulling(Executor& executor, PullArguments arguments) {
  Pulling pulling(executor, std::move(arguments));
  Status done = co_await pulling.run();
  co_return done;
}

}  // namespace

void add_versions_pull(CLI::App& versions, int& exit_code) {
  const auto a = std::make_shared<PullArguments>();
  CLI::App* command = versions.add_subcommand(
      "pull", "Bring a folder to the newest version of a policy that a server offers");
  command
      ->add_option("URL", a->urls,
                   "What `troupe versions serve` says; more than one: the next if one fails")
      ->required();
  command->add_option("--policy", a->policy, "Which one")->required();
  command->add_option("--token-file", a->token_file, "The server's token, in its first line")
      ->required();
  command->add_option("--to", a->to, "Gets model.safetensors, state.json and payloads/")
      ->required();
  command->add_flag("--follow", a->follow, "Go on with each new version, until Ctrl-C");
  command->add_option("--every", a->every, "Seconds between two looks, with --follow")
      ->check(CLI::Range(0.01, 1e6))
      ->capture_default_str();
  command->add_option("--deadline", a->deadline, "Seconds until a pull gives up")
      ->check(CLI::Range(0.1, 1e7))
      ->capture_default_str();
  command->add_flag("--for-peers", a->for_peers,
                    "Also keep what receivers with nothing need: they can be served from here");
  command->callback([a, command, &exit_code] {
    if (command->count("--every") > 0 && !a->follow) {
      exit_code = report_error({ErrorCode::kInvalid, "--every means nothing without --follow"});
      return;
    }
    watch_interrupts();
    const auto executor = make_live_executor(1);
    const Status status = executor->run(run_pulling(*executor, *a));
    exit_code = status ? 0 : report_error(status.error());
  });
}

}  // namespace troupe
