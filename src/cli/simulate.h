#pragma once

namespace CLI {
class App;
}

namespace troupe {

/// `troupe simulate study`, beside `run` and `explain` (simulate.cc).
void add_simulate_study(CLI::App& simulate, int& exit_code);
/// `troupe simulate soak`.
void add_simulate_soak(CLI::App& simulate, int& exit_code);

}  // namespace troupe
