#include "environment/kuhn/kuhn.h"

#include "environment/test_support.h"

namespace troupe {
namespace {

Task deal(const std::string& cards) { return {"t", R"({"deal":")" + cards + R"("})"}; }

/// What the agents were shown, in turn.
std::string shown(const Played& played) {
  std::string out;
  for (const PlayedTurn& turn : played.exchanges) {
    out += turn.prompt.agent.back() + turn.prompt.text + " ";
  }
  return out;
}

TEST(Kuhn, PaysEveryHand) {
  const KuhnSpec spec;
  struct Hand {
    std::vector<std::string> moves;
    double with_higher, with_lower;  ///< what player_0 wins with K against Q, and with J
    std::string shown;               ///< to K and Q
  };
  const std::vector<Hand> hands = {{{"p", "p"}, 1, -1, "0K: 1Qp: "},
                                   {{"p", "b", "p"}, -1, -1, "0K: 1Qp: 0b: "},
                                   {{"p", "b", "b"}, 2, -2, "0K: 1Qp: 0b: "},
                                   {{"b", "p"}, 1, 1, "0K: 1Qb: "},
                                   {{"b", "b"}, 2, -2, "0K: 1Qb: "}};
  for (const Hand& hand : hands) {
    const Played high = play_answers(spec, deal("KQ"), hand.moves);
    ASSERT_TRUE(high.finished);
    EXPECT_EQ(shown(high), hand.shown);
    EXPECT_EQ(high.outcome.rewards, (std::vector<double>{hand.with_higher, -hand.with_higher}));
    EXPECT_TRUE(high.outcome.success);
    const Played low = play_answers(spec, deal("JQ"), hand.moves);
    EXPECT_EQ(low.outcome.rewards, (std::vector<double>{hand.with_lower, -hand.with_lower}));
  }
}

TEST(Kuhn, AnIllegalAnswerForfeitsTwoChips) {
  const KuhnSpec spec;
  for (const char* text : {"", "pp", "c", " p", "P", "b ", "\xff"}) {
    const Played first = play_answers(spec, deal("KJ"), {text, "p"});
    ASSERT_EQ(first.exchanges.size(), 1U) << text;
    EXPECT_EQ(first.outcome.rewards, (std::vector<double>{-2, 2})) << text;
    EXPECT_FALSE(first.outcome.success);
    const Played second = play_answers(spec, deal("JK"), {"p", text});
    EXPECT_EQ(second.outcome.rewards, (std::vector<double>{2, -2})) << text;
    const Played third = play_answers(spec, deal("KJ"), {"p", "b", text});
    EXPECT_EQ(third.outcome.rewards, (std::vector<double>{-2, 2})) << text;
  }
}

TEST(Kuhn, HasEveryDealOnce) {
  const KuhnSpec spec;
  for (Split split : {Split::kTrain, Split::kHeldOut}) {
    std::map<std::string, int> seen;
    for (std::uint64_t i = 6; i < 12; ++i) ++seen[spec.task(split, i)->payload];
    EXPECT_EQ(seen.size(), 6U);
  }
}

/// Kuhn's equilibrium: the frequencies of b that the paper gives for alpha = 1/3.
TEST(Kuhn, TheTeacherPlaysAnEquilibriumAndNoiseAnyLegalMove) {
  const KuhnSpec spec;
  const auto world = spec.make();
  const auto bets = [&](const std::string& cards, const std::string& moves, double noise) {
    Turn turn = *world->reset(deal(cards), 1);
    for (const char move : moves) {
      turn = *world->step({{turn.prompts.at(0).agent, std::string(1, move), false}});
    }
    Rng rng(3);
    double count = 0;
    for (int i = 0; i < 4000; ++i) {
      const std::string text = *world->demonstrate(turn.prompts.at(0), noise, rng);
      EXPECT_TRUE(text == "p" || text == "b");
      count += text == "b" ? 1 : 0;
    }
    return count / 4000;
  };
  EXPECT_NEAR(bets("JQ", "", 0), 1.0 / 3, 0.03);
  EXPECT_EQ(bets("QK", "", 0), 0.0);
  EXPECT_EQ(bets("KQ", "", 0), 1.0);
  EXPECT_NEAR(bets("QJ", "pb", 0), 2.0 / 3, 0.03);
  EXPECT_NEAR(bets("KJ", "p", 0), 1.0 / 3, 0.03);
  EXPECT_NEAR(bets("KQ", "b", 0), 1.0 / 3, 0.03);
  EXPECT_EQ(bets("KJ", "b", 0), 0.0);
  for (const char* moves : {"", "p", "b", "pb"}) EXPECT_NEAR(bets("KJ", moves, 1), 0.5, 0.03);
}

TEST(Kuhn, RefusesAForeignTask) {
  const KuhnSpec spec;
  for (const char* cards : {"JJ", "KQJ", "K", ""}) {
    const Result<Turn> turn = spec.make()->reset(deal(cards), 1);
    ASSERT_FALSE(turn) << cards;
    EXPECT_EQ(turn.error().code, ErrorCode::kInvalid);
  }
  EXPECT_FALSE(spec.make()->reset({"t", R"({"secret":3})"}, 1));
}

}  // namespace
}  // namespace troupe
