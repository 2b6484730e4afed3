#include <cmath>

#include "observe/test_support.h"

namespace troupe::testing {

RunInfo sample_info() {
  RunInfo info;
  info.name = "chain";
  info.environment = "chain: two agents pass a message on";
  info.optimum = "reward 1, success 100%";
  info.folder = "run";
  info.seed = 7;
  info.steps = 40;
  info.policies = {
      {"first", {"first"}, 123456, "llama d64 L2 H4 f192 V16", "micro_batch"},
      {"second", {"second"}, 1234567, "llama d96 L2 H4 f256 V16", "overlap, staleness 1, pin"}};
  info.isa = "avx2";
  info.threads = 2;
  return info;
}

StepReport sample_step(std::int64_t step, std::int64_t steps) {
  StepReport report;
  report.step = step;
  report.steps = steps;
  report.phase = "rl";
  report.seconds = 0.5;
  report.elapsed = 0.5 * static_cast<double>(step);
  report.began = (step - 1) * 500'000'000;
  report.tokens_sampled = 7000;
  report.flow.spare_episodes = 2;
  report.flow.spare_tokens = 40;
  report.fraction_done = static_cast<double>(step) / static_cast<double>(steps);
  report.seconds_left = 0.5 * static_cast<double>(steps - step);
  report.generate_tokens_per_second = 12345;
  report.train_tokens_per_second = 6789;
  report.states = {{"generate", 0.6}, {"backward", 0.3}, {"wait: rollout tail", 0.1}};
  const double t = report.fraction_done;
  for (const char* name : {"first", "second"}) {
    PolicyStep policy;
    policy.policy = name;
    policy.agents = {name};
    policy.version = step - 1;
    const bool first = policy.policy == "first";
    policy.reward = 0.4 + 0.55 * t + 0.03 * std::sin(static_cast<double>(step) * (first ? 1 : 2));
    policy.success = policy.reward;
    policy.response_length = 3.5;
    policy.entropy = 1.1 - 0.8 * t;
    policy.gradient_norm = first ? 0.5 : 0.25;
    policy.learning_rate = 1e-3;
    policy.kl = 0.00123;
    policy.clip_fraction = 0.0125;
    policy.effective_sample_size = 0.987;
    policy.staleness = first ? 0 : 1;
    policy.groups = 16;
    policy.zero_signal_groups = 3;
    policy.tokens_generated = 3000;
    policy.tokens_trained = 2500;
    policy.staleness_tokens =
        first ? std::vector<std::int64_t>{3000} : std::vector<std::int64_t>{1000, 2000};
    const std::int64_t b = report.began;
    // Rollout runs ahead from the second step on.
    policy.stages.generate = {step > 1 ? b - 100'000'000 : b, b + 300'000'000};
    policy.stages.backward = {b + 100'000'000, b + 400'000'000};
    policy.stages.optimizer = {b + 400'000'000, b + 450'000'000};
    policy.stages.publish = {b + 450'000'000, b + 460'000'000};
    report.policies.push_back(policy);
  }
  return report;
}

StepReport sample_warm_step(std::int64_t step, std::int64_t steps) {
  StepReport report = sample_step(step, steps);
  report.phase = "warm_start";
  return report;
}

EvalReport sample_eval(const std::string& when, std::int64_t step, double success) {
  EvalReport eval;
  eval.when = when;
  eval.step = step;
  eval.episodes = 1000;
  eval.success = success;
  eval.reward = success;
  eval.agent_rewards = {{"first", success}, {"second", success}};
  eval.response_length = 3.5;
  return eval;
}

Transcript sample_transcript(std::int64_t step, int number, bool success) {
  Transcript transcript;
  transcript.step = step;
  transcript.phase = "rl";
  transcript.task = "chain/" + std::to_string(number);
  transcript.turns = {{"first", "table: a>c b>a\nmessage: b", "a", false},
                      {"second", "table: a>b c>a\nmessage: a", success ? "b" : "c", false}};
  transcript.rewards = {{"first", success ? 1.0 : 0.0}, {"second", success ? 1.0 : 0.0}};
  transcript.success = success;
  return transcript;
}

FinalReport sample_final() {
  FinalReport report;
  report.status = "finished";
  report.steps = 40;
  report.seconds = 83.4;
  report.warm_start_seconds = 12.5;
  report.rl_seconds = 61.2;
  report.peak_bytes = 123ULL << 20;
  report.warm_start = sample_eval("warm_start", 0, 0.412);
  report.final = sample_eval("final", 40, 0.973);
  report.weights_digests = {{"first", "11aa22bb"}, {"second", "33cc44dd"}};
  report.weights_digest = "5566eeff";
  report.states = {{"worker 0", {{"generate", 50}, {"backward", 25}, {"wait: orders", 8.4}}},
                   {"orchestrator", {{"wait: workers", 80}, {"plan", 3.4}}}};
  report.checkpoint = "run/checkpoints/step-000040";
  report.best_checkpoint = "run/checkpoints/best-000030";
  report.report_path = "run/report.md";
  return report;
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = text.find('\n', at);
    lines.emplace_back(text.substr(at, end == std::string_view::npos ? end : end - at));
    at = end == std::string_view::npos ? text.size() : end + 1;
  }
  return lines;
}

}  // namespace troupe::testing
