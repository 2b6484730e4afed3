#include "orchestrate/run_settings.h"

#include <fmt/format.h>

#include <algorithm>

namespace troupe {

void RunSettings::declare(OptionSet& o) {
  o.add("name", &name,
        "Name of the run; its folder is runs/NAME unless run.output says otherwise.");
  o.add("seed", &seed, "Seed of everything random. The same seed gives the same weights.")
      .range(0, 9.0e15);
  o.add("steps", &steps, "Optimizer steps of RL.").range(0, 1e9);
  o.add("max_seconds", &max_seconds,
        "Stop RL after the step in which this many seconds have passed. 0: no limit.")
      .range(0, 1e9);
  o.add("output", &output,
        "Folder of the run. Empty: the first free one of runs/NAME, runs/NAME-2, ...");
  o.add("deterministic", &deterministic,
        "Refuse what would let timing change the result. false: allow it.");
  o.add("threads", &threads, "Worker threads. 0: as many as the machine has processors.")
      .range(0, 1024);
}

Status RunSettings::check() const {
  if (is_file_name(name)) return {};
  return fail(ErrorCode::kInvalid,
              fmt::format("run.name = \"{}\": it names a folder: use letters, digits, _, - and .; "
                          "run.output is for a path",
                          name));
}

bool is_file_name(const std::string& name) {
  return !name.empty() && name.front() != '.' && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  });
}

}  // namespace troupe
