#include "rollout/completion.h"

#include <algorithm>

namespace troupe {

Async<Result<Generation>> complete(RolloutEngine& engine, CompletionRequest request, Wait wait) {
  const int prompt = static_cast<int>(request.prompt.size());
  auto session = co_await engine.open(prompt + request.max_tokens, std::move(wait));
  if (!session) co_return tl::unexpected(session.error());
  Generation answer;
  answer.version = engine.version();
  answer.reason = FinishReason::kLength;
  while (answer.reason == FinishReason::kLength) {
    const int done = static_cast<int>(answer.tokens.size());
    const int left = request.max_tokens - done;
    if (left == 0) break;
    GenerateRequest next;
    next.context = request.prompt;
    next.context.append(answer.tokens);
    next.max_tokens = request.on_piece ? std::min(left, request.piece) : left;
    next.sampling = request.sampling;
    next.stop = request.stop;
    next.seed = request.seed;
    next.sampled_before = done;
    auto piece = co_await engine.generate(*session, std::move(next));
    if (!piece) co_return tl::unexpected(piece.error());
    answer.tokens.insert(answer.tokens.end(), piece->tokens.begin(), piece->tokens.end());
    answer.logprobs.insert(answer.logprobs.end(), piece->logprobs.begin(), piece->logprobs.end());
    answer.entropy_sum += piece->entropy_sum;
    answer.reason = piece->reason;
    if (request.on_piece) request.on_piece(answer);
  }
  co_return answer;
}

}  // namespace troupe
