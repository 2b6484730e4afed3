#include "orchestrate/trace_run.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "base/trace.h"
#include "orchestrate/step_stages.h"

namespace troupe {

void trace_group(const PipelineSetting& setting, GroupKey key, Nanos began) {
  Trace* trace = setting.executor.trace();
  if (trace == nullptr) return;
  TraceArgs args;
  std::string versions;
  for (std::size_t i = 0; i < setting.lanes.size(); ++i) {
    const TableEntry* entry = setting.store.table(static_cast<int>(i)).find(key);
    if (entry == nullptr) continue;
    if (args.empty()) args = {{"task", entry->task}, {"state", to_string(entry->state)}};
    versions += (versions.empty() ? "" : ", ") + std::to_string(entry->version);
  }
  args.emplace_back("version", std::move(versions));
  trace->span("groups", "in flight", fmt::format("step {} group {}", key.step + 1, key.index),
              began, setting.executor.now(), std::move(args));
}

void trace_in_flight(const PipelineSetting& setting, std::size_t groups) {
  Trace* trace = setting.executor.trace();
  if (trace == nullptr) return;
  const Nanos now = setting.executor.now();
  trace->counter("groups in flight", now, static_cast<double>(groups));
  trace->counter("journal backlog (bytes)", now,
                 static_cast<double>(setting.store.journal().backlog()));
}

void trace_step(const PipelineSetting& setting, std::int64_t step, Nanos began,
                const std::vector<PolicyStep>& policies) {
  Trace* trace = setting.executor.trace();
  if (trace == nullptr) return;
  const Nanos now = setting.executor.now();
  const std::string number = std::to_string(step + 1);
  trace->span("steps", "steps", "step " + number, began, now);
  for (const PolicyStep& policy : policies) {
    for (const StageField& stage : kStepStages) {
      const StageSpan& span = policy.stages.*stage.span;
      if (!took_place(span)) continue;
      trace->span("policy " + policy.policy, stage.name, stage.name, span.begin, span.end,
                  {{"step", number}, {"version", std::to_string(policy.version)}});
    }
    trace->counter("staleness " + policy.policy + " (versions)", now, policy.staleness);
  }
}

}  // namespace troupe
