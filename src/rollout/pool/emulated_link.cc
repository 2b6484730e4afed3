#include "rollout/pool/emulated_link.h"

#include <algorithm>

namespace troupe {
namespace {

std::shared_ptr<EmulatedEngine> make_device(Executor& executor, const EmulatedOptions& options,
                                            Version version, EmulatedEngine::Script script) {
  return std::make_shared<EmulatedEngine>(executor, options, std::move(script), version);
}

/// The whole answer, as the emulated instance wants it: with the tokens of pieces before this one.
ScriptedAnswer whole_answer(std::span<const TokenId> context, int before, const Generation& piece) {
  ScriptedAnswer out;
  out.tokens.assign(context.end() - before, context.end());
  out.logprobs.assign(static_cast<std::size_t>(before), 0.0F);
  out.tokens.insert(out.tokens.end(), piece.tokens.begin(), piece.tokens.end());
  out.logprobs.insert(out.logprobs.end(), piece.logprobs.begin(), piece.logprobs.end());
  out.reason = piece.reason;
  return out;
}

}  // namespace

InstanceRates emulated_rates(const EmulatedOptions& options, int max_context) {
  const std::int64_t batch =
      std::clamp<std::int64_t>(options.kv_tokens / max_context, 1, options.max_batch);
  InstanceRates out;
  out.step_seconds = options.cost.step(batch, static_cast<double>(batch * max_context) / 2);
  out.decode = static_cast<double>(batch) / out.step_seconds;
  out.prefill =
      static_cast<double>(options.prefill_tokens) / options.cost.prefill(options.prefill_tokens);
  return out;
}

EmulatedLink::EmulatedLink(Executor& executor, std::shared_ptr<RolloutEngine> sampler,
                           const EmulatedOptions& options, Version version, Wait open_wait)
    : sampler_(std::move(sampler)),
      state_(std::make_shared<State>()),
      open_wait_(std::move(open_wait)) {
  const auto script = [state = state_](const GenerateRequest& request) {
    return state->whole.at(request.seed);
  };
  device_ =
      std::make_shared<EngineLink>(make_device(executor, options, version, script), open_wait_);
}

Async<void> EmulatedLink::answer(std::shared_ptr<RolloutEngine> sampler,
                                 std::shared_ptr<State> state, std::shared_ptr<EngineLink> device,
                                 Wait open_wait, InstanceRequest request, Reply reply) {
  const std::uint64_t name = request.session;
  state->sampling[name] = false;
  Result<Generation> piece;
  {
    auto session = co_await sampler->open(request.max_context, open_wait);
    if (!session) {
      state->sampling.erase(name);
      reply(tl::unexpected(session.error()));
      co_return;
    }
    GenerateRequest copy = request.generate;
    piece = co_await sampler->generate(std::move(*session), std::move(copy));
  }
  const bool back = state->sampling[name];
  state->sampling.erase(name);
  if (back && piece) {  // before the accelerator had begun
    Generation nothing;
    nothing.version = piece->version;
    nothing.reason = FinishReason::kAborted;
    piece = nothing;
  }
  if (!piece || piece->tokens.empty()) {
    reply(std::move(piece));
    co_return;
  }
  const std::uint64_t seed = request.generate.seed;
  state->whole[seed] =
      whole_answer(request.generate.context, request.generate.sampled_before, *piece);
  const double entropy = piece->entropy_sum / static_cast<double>(piece->tokens.size());
  device->generate(std::move(request),
                   [state, seed, entropy, reply = std::move(reply)](Result<Generation> given) {
                     state->whole.erase(seed);
                     // Of an answer that was cut, the mean of the whole one's tokens.
                     if (given) {
                       given->entropy_sum = entropy * static_cast<double>(given->tokens.size());
                     }
                     reply(std::move(given));
                   });
}

void EmulatedLink::generate(InstanceRequest request, Reply reply) {
  spawn(answer(sampler_, state_, device_, open_wait_, std::move(request), std::move(reply)));
}

void EmulatedLink::abort(std::uint64_t session) {
  const auto sampling = state_->sampling.find(session);
  if (sampling != state_->sampling.end()) sampling->second = true;
  device_->abort(session);
}

void EmulatedLink::release(std::uint64_t session) { device_->release(session); }

Status EmulatedLink::load(Version version, std::shared_ptr<const Decoder> decoder,
                          InFlight in_flight) {
  return device_->load(version, std::move(decoder), in_flight);
}

}  // namespace troupe
