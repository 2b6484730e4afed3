#include "environment/kuhn/kuhn_metric.h"

#include <algorithm>
#include <limits>
#include <string>

#include "environment/kuhn/rules.h"

namespace troupe {
namespace {

constexpr std::size_t kSets = 6;  ///< information sets of a player
constexpr std::size_t kReplies = std::size_t{1} << kSets;

/// A player's chances of p and b at each of its information sets.
struct Strategy {
  double move[kSets][2] = {};
};

/// Card and place: player_0 without moves 0 and after "pb" 1, player_1 after "p" 0 and after "b" 1.
std::size_t set_of(char card, const std::string& moves) {
  const std::size_t place = moves == "pb" || moves == "b" ? 1 : 0;
  return 2 * kuhn::kCards.find(card) + place;
}

Strategy strategy_of(const Behaviour& behaviour, std::size_t player) {
  Strategy out;
  for (std::size_t i = 0; i < kSets; ++i) {
    for (std::size_t m = 0; m < 2; ++m) out.move[i][m] = behaviour[player * kSets + i][m];
  }
  return out;
}

/// The pure reply whose i-th bit says whether to bet at set i.
Strategy pure(std::size_t reply) {
  Strategy out;
  for (std::size_t i = 0; i < kSets; ++i) out.move[i][reply >> i & 1] = 1.0;
  return out;
}

/// What a hand that has come to `moves` is worth.
struct Worth {
  double value = 0;     ///< chips for player_0
  double forfeits = 0;  ///< share of such hands
};

Worth worth(const Strategy& first, const Strategy& second, std::string_view deal,
            const std::string& moves) {
  if (kuhn::is_over(moves)) return {kuhn::chips(deal, moves), 0.0};
  const int mover = kuhn::mover(moves);
  const char card = deal[static_cast<std::size_t>(mover)];
  const double* move = (mover == 0 ? first : second).move[set_of(card, moves)];
  const double illegal = std::max(0.0, 1.0 - move[0] - move[1]);
  Worth out{illegal * (mover == 0 ? -kuhn::kForfeit : kuhn::kForfeit), illegal};
  for (std::size_t m = 0; m < 2; ++m) {
    if (move[m] == 0.0) continue;
    const Worth next = worth(first, second, deal, moves + "pb"[m]);
    out.value += move[m] * next.value;
    out.forfeits += move[m] * next.forfeits;
  }
  return out;
}

/// The mean over the deals.
Worth worth(const Strategy& first, const Strategy& second) {
  Worth sum;
  for (const std::string_view deal : kuhn::kDeals) {
    const Worth one = worth(first, second, deal, "");
    sum.value += one.value;
    sum.forfeits += one.forfeits;
  }
  const auto n = static_cast<double>(kuhn::kDeals.size());
  return {sum.value / n, sum.forfeits / n};
}

}  // namespace

KuhnMetric::KuhnMetric() {
  const std::vector<std::string> moves = {"p", "b"};
  for (const char card : kuhn::kCards) {
    const std::string shown = {card, ':'};
    probes_.push_back({"player_0", {shown}, {}, moves});
    probes_.push_back({"player_0", {shown, "b:"}, {"p"}, moves});
  }
  for (const char card : kuhn::kCards) {
    for (const std::string& seen : moves)
      probes_.push_back({"player_1", {card + seen + ":"}, {}, moves});
  }
}

NamedNumbers KuhnMetric::measure(const Behaviour& behaviour) const {
  const Strategy first = strategy_of(behaviour, 0);
  const Strategy second = strategy_of(behaviour, 1);
  const Worth played = worth(first, second);
  double most = -std::numeric_limits<double>::infinity();
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t reply = 0; reply < kReplies; ++reply) {
    most = std::max(most, worth(pure(reply), second).value);
    least = std::min(least, worth(first, pure(reply)).value);
  }
  return {
      {"nash_conv", most - least}, {"value_player_0", played.value}, {"forfeits", played.forfeits}};
}

}  // namespace troupe
