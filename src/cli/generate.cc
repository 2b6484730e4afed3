#include "cli/generate.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>

#include "base/executor.h"
#include "base/rng.h"
#include "cli/commands.h"
#include "cli/generate_printer.h"
#include "rollout/completion.h"
#include "rollout/local_engine.h"

namespace troupe {
namespace {

Async<void> one_sample(LocalEngine& engine, const GenerateJob& job, std::size_t index,
                       GeneratePrinter& printer, Status& status, Gate::Pass pass) {
  const Gate::Pass held = std::move(pass);
  const auto samples = static_cast<std::size_t>(job.arguments.samples);
  const GeneratePrompt& prompt = job.prompts[index / samples];
  CompletionRequest request;
  request.prompt = prompt.tokens;
  request.max_tokens = job.room(prompt.tokens.size());
  request.sampling = job.sampling;
  request.stop = job.stop;
  // Of the prompt's text, not of its place: other prompts beside it change nothing.
  const std::uint64_t seed = seed_join(static_cast<std::uint64_t>(job.arguments.seed), prompt.text);
  request.seed = seed_join(seed, index % samples);
  if (printer.streams()) {
    request.on_piece = [&printer](const Generation& so_far) { printer.show(so_far); };
  }
  auto done = co_await complete(engine, std::move(request), Wait(kSecond * 3600 * 24, "room"));
  if (done) {
    printer.finish(index, std::move(*done));
  } else if (status) {
    status = tl::unexpected(done.error());
  }
}

Async<Status> all_samples(Executor& executor, LocalEngine& engine, const GenerateJob& job,
                          GeneratePrinter& printer) {
  Status status;
  Gate gate(executor);
  for (std::size_t i = 0; i < job.samples(); ++i) {
    spawn(one_sample(engine, job, i, printer, status, Gate::Pass(gate)));
  }
  Status ended = co_await gate.drain(Wait(kSecond * 3600 * 24 * 7, "samples"));
  co_return ended ? status : ended;
}

Status generate(const GenerateArguments& arguments) {
  const auto disk = make_posix_disk();
  TROUPE_ASSIGN(const GenerateJob job, prepare_generate(*disk, arguments));
  const auto executor = make_live_executor(worker_count(arguments.threads));
  LocalEngine::Options options;
  options.end_token = job.tokenizer->end();
  options.kv_bytes = static_cast<std::uint64_t>(arguments.kv_megabytes) << 20;
  LocalEngine engine(*executor, options, Version(), job.decoder);
  GeneratePrinter printer(job);
  const Nanos before = executor->now();
  TROUPE_TRY(executor->run(all_samples(*executor, engine, job, printer)));
  const double seconds = static_cast<double>(executor->now() - before) / kSecond;
  std::size_t given = 0;
  for (const GeneratePrompt& prompt : job.prompts) given += prompt.tokens.size();
  fmt::print(stderr, "{} tokens in {:.2f} s: {:.1f} tokens/s ({} prompt tokens, {}, {})\n",
             printer.tokens(), seconds, static_cast<double>(printer.tokens()) / seconds, given,
             sampling_text(job.sampling), kernel_isa(job.decoder->dtype()));
  return {};
}

}  // namespace

void add_generate(CLI::App& app, int& exit_code) {
  auto a = std::make_shared<GenerateArguments>();
  CLI::App* command = app.add_subcommand("generate", "Let a model continue prompts");
  command->add_option("MODEL_FOLDER", a->folder, "config.json, tokenizer.json, model.safetensors")
      ->required();
  auto* prompt = command->add_option("--prompt", a->prompts, "A prompt; repeatable");
  prompt->allow_extra_args(false);
  command
      ->add_option("--prompt-file", a->prompt_file,
                   "A file that is one prompt; without either, each line of standard input is one")
      ->excludes(prompt);
  command->add_option("-n,--samples", a->samples, "Samples of each prompt")
      ->check(CLI::Range(1LL, 1000000LL))
      ->capture_default_str();
  command
      ->add_option("--max-tokens", a->max_tokens,
                   "Most tokens of a sample; the model's positions are a limit too")
      ->check(CLI::Range(1LL, 100000000LL))
      ->capture_default_str();
  command->add_option("--temperature", a->sampling.temperature, "0: greedy")->capture_default_str();
  command->add_option("--top-k", a->sampling.top_k, "The k likeliest tokens stay; 0: all")
      ->check(CLI::Range(0LL, 4194303LL))
      ->capture_default_str();
  command->add_option("--top-p", a->sampling.top_p, "Nucleus sampling; 1: all tokens stay")
      ->capture_default_str();
  command
      ->add_option("--min-p", a->sampling.min_p,
                   "Tokens at least so many times as likely as the likeliest stay; 0: all")
      ->capture_default_str();
  command
      ->add_option("--logit-bias", a->sampling.logit_bias, "ID=BIAS: added to a logit; repeatable")
      ->allow_extra_args(false);
  command->add_option("--stop", a->stop, "A text that ends a sample; repeatable")
      ->allow_extra_args(false);
  command->add_option("--stop-token", a->stop_tokens, "A token id that ends a sample; repeatable")
      ->allow_extra_args(false);
  command->add_option("--chat", a->chat, "Prompts are messages to a chat model, in this format")
      ->check(CLI::IsMember({"none", "auto", "chatml", "llama3"}))
      ->capture_default_str();
  command->add_option("--system", a->system, "The system message before a prompt, with --chat");
  command->add_option("--end-token", a->end_token,
                      "The text of the token that ends an answer; default: what the folder says");
  command->add_option("--dtype", a->dtype, "What the model computes in: fp32 or bf16")
      ->check(CLI::IsMember({"fp32", "bf16"}))
      ->capture_default_str();
  command
      ->add_option("--kv-megabytes", a->kv_megabytes,
                   "Budget of all KV caches, in MiB; samples wait for room")
      ->check(CLI::Range(1LL, 1048576LL))
      ->capture_default_str();
  command->add_option("--seed", a->seed, "Seed of the samples")
      ->check(CLI::Range(0LL, 9000000000000000LL))
      ->capture_default_str();
  command->add_option("--threads", a->threads, "Worker threads; 0: one for each processor")
      ->check(CLI::Range(0LL, 1024LL))
      ->capture_default_str();
  auto* logprobs = command->add_flag("--logprobs", a->logprobs, "List tokens and log-probs too");
  command
      ->add_flag("--json", a->json, "One JSON object a sample: ids, log-probs, text, finish_reason")
      ->excludes(logprobs);
  command->callback([a, &exit_code] {
    const Status status = generate(*a);
    exit_code = status ? 0 : report_error(status.error());
  });
}

}  // namespace troupe
