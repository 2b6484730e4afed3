#include "rollout/completion.h"

#include <gtest/gtest.h>

#include "rollout/local_engine.h"

namespace troupe {
namespace {

ModelConfig tiny() {
  ModelConfig c;
  c.vocab = 9;
  c.width = 16;
  c.layers = 2;
  c.heads = 2;
  c.kv_heads = 2;
  c.head_dim = 8;
  c.ffn = 24;
  c.max_positions = 64;
  return c;
}

Async<Status> run(LocalEngine& engine, CompletionRequest request, Result<Generation>& out) {
  out = co_await complete(engine, std::move(request), Wait(kSecond, "room"));
  co_return Status();
}

Generation completed(CompletionRequest request) {
  auto executor = make_virtual_executor({});
  auto weights = std::make_shared<const Weights>(random_weights(tiny(), 5));
  LocalEngine engine(*executor, {}, Version(), std::make_shared<const Decoder>(weights));
  Result<Generation> out;
  EXPECT_TRUE(executor->run(run(engine, std::move(request), out)));
  EXPECT_TRUE(out) << out.error().message;
  return *out;
}

TEST(Completion, AListenerChangesNothing) {
  const std::shared_ptr<const Tokenizer> symbols = make_symbol_tokenizer("abcdefgh");
  int stopped = 0;
  int heard = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    CompletionRequest request;
    request.prompt = {1, 2, 3};
    request.max_tokens = 25;
    request.seed = seed;
    request.sampling.top_p = 0.95F;
    request.stop = StopRule::make(symbols, {}, {"abc", "dd"}).value();
    const Generation silent = completed(request);
    std::vector<TokenId> last;
    request.piece = 3;
    request.on_piece = [&](const Generation& so_far) {
      ASSERT_GE(so_far.tokens.size(), last.size());
      EXPECT_TRUE(std::equal(last.begin(), last.end(), so_far.tokens.begin()));
      last = so_far.tokens;
      ++heard;
    };
    const Generation told = completed(request);
    EXPECT_EQ(told.tokens, silent.tokens) << "seed " << seed;
    EXPECT_EQ(told.logprobs, silent.logprobs) << "seed " << seed;
    EXPECT_EQ(told.reason, silent.reason) << "seed " << seed;
    EXPECT_EQ(last, told.tokens);
    EXPECT_LE(told.tokens.size(), 25U);
    stopped += told.reason == FinishReason::kStop ? 1 : 0;
  }
  EXPECT_GT(stopped, 2);
  EXPECT_GT(heard, 80);
}

}  // namespace
}  // namespace troupe
