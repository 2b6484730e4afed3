#pragma once

#include <functional>
#include <string>
#include <vector>

#include "troupe/result.h"

namespace CLI {
class App;
}

namespace troupe {

// One function per command: adds it to the program, and runs it when it is the one that was given.
// `exit_code` becomes 0 (done), 2 (the input is wrong, or the machine refused), 1 (a bug of ours),
// 130 (interrupted).
void add_train(CLI::App& app, int& exit_code);
void add_eval(CLI::App& app, int& exit_code);
void add_generate(CLI::App& app, int& exit_code);
void add_plan(CLI::App& app, int& exit_code);
void add_convert(CLI::App& app, int& exit_code);
void add_env(CLI::App& app, int& exit_code);
void add_workflow(CLI::App& app, int& exit_code);
void add_check(CLI::App& app, int& exit_code);
void add_checkpoint(CLI::App& app, int& exit_code);
void add_versions(CLI::App& app, int& exit_code);
void add_store(CLI::App& app, int& exit_code);
void add_explain(CLI::App& app, int& exit_code);
void add_simulate(CLI::App& app, int& exit_code);

/// Prints the error of a command as one line on standard error and gives its exit code.
int report_error(const Error& error);

/// Adds a subcommand on a run's folder, which is read into `run`; that must live as long as
/// `command`, and both references as long as the program.
CLI::App* add_run_command(CLI::App& parent, const char* name, const char* about, std::string& run,
                          std::function<Status()> command, int& exit_code);

/// Worker threads: `asked`, or the machine's processors if 0.
int worker_count(long long asked);

}  // namespace troupe
