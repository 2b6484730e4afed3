#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "base/executor.h"
#include "base/interrupt.h"
#include "cli/commands.h"
#include "cli/versions_transfer.h"
#include "versions/published/published_folder.h"
#include "versions/transfer/serve.h"

namespace troupe {
namespace {

constexpr Nanos kPause = kSecond / 10;

struct ServeArguments {
  std::string run;
  std::string token_file;
  HttpServerOptions server;
};

/// Where a run keeps what it publishes, or a pull what it received. A run that has just begun has
/// published nothing.
Result<std::string> find_payloads(Disk& disk, const std::string& run) {
  for (const char* name : {"/versions", "/payloads"}) {
    if (disk.exists(run + name)) return run + name;
  }
  if (disk.exists(run)) return run + "/versions";
  return fail(ErrorCode::kNotFound,
              run + ": there is no such folder; give that of a run, or one that was pulled into");
}

Async<Status> serve(Executor& executor, ServeArguments arguments) {
  const auto disk = make_posix_disk();
  const auto folder = find_payloads(*disk, arguments.run);
  if (!folder) co_return tl::unexpected(folder.error());
  auto token = read_token(*disk, arguments.token_file);
  if (!token) co_return tl::unexpected(token.error());
  arguments.server.token = std::move(*token);
  PublishedFolder source(*disk, *folder);
  const auto server = serve_payloads(source, arguments.server);
  if (!server) co_return tl::unexpected(server.error());
  fmt::print("{} at {} until Ctrl-C\n", *folder, (*server)->url());
  std::fflush(stdout);
  while (!interrupted()) co_await sleep_for(executor, kPause);
  co_return Status();
}

}  // namespace

void add_versions_serve(CLI::App& versions, int& exit_code) {
  const auto a = std::make_shared<ServeArguments>();
  CLI::App* command = versions.add_subcommand(
      "serve", "Offer a run's published versions over HTTP, also while it goes on");
  command->add_option("RUN", a->run, "A run's folder, or one that versions were pulled into")
      ->required();
  command->add_option("--token-file", a->token_file, "Whoever pulls must know its first line")
      ->required();
  command->add_option("--port", a->server.port, "0: a free one")->capture_default_str();
  command
      ->add_option("--address", a->server.address,
                   "To listen on; 0.0.0.0 for other machines too. There is no TLS: use a network "
                   "that you trust, or a proxy")
      ->capture_default_str();
  command->add_option("--connections", a->server.most_connections, "Most at once; more get 503")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  command->callback([a, &exit_code] {
    watch_interrupts();
    const auto executor = make_live_executor(1);
    const Status status = executor->run(serve(*executor, *a));
    exit_code = status ? 0 : report_error(status.error());
  });
}

}  // namespace troupe
