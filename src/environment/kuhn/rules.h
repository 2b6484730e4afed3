#pragma once

#include <array>
#include <string>
#include <string_view>

namespace troupe::kuhn {

/// The rules of Kuhn poker, apart from texts and agents. Pure functions.

inline constexpr std::string_view kCards = "JQK";
/// First player_0's card, then player_1's.
inline constexpr std::array<std::string_view, 6> kDeals = {"JQ", "JK", "QJ", "QK", "KJ", "KQ"};
/// What an illegal answer costs: the most that a hand can cost.
inline constexpr double kForfeit = 2.0;

/// Whether the moves end a hand: "pp", "pbp", "pbb", "bp" or "bb".
inline bool is_over(std::string_view moves) { return moves.size() >= 2 && moves != "pb"; }

/// Who moves after `moves`: 0 or 1.
inline int mover(std::string_view moves) { return static_cast<int>(moves.size() % 2); }

/// Chips that player_0 wins in a hand that is over.
inline double chips(std::string_view deal, std::string_view moves) {
  if (moves == "bp") return 1.0;
  if (moves == "pbp") return -1.0;
  const bool higher = kCards.find(deal[0]) > kCards.find(deal[1]);
  const double stake = moves == "pp" ? 1.0 : 2.0;
  return higher ? stake : -stake;
}

/// The probability of b with which the mover plays the equilibrium with alpha = `alpha` in
/// [0, 1/3], the chance that player_0 bets a J (Kuhn 1950).
inline double equilibrium_bet(char card, std::string_view moves, double alpha) {
  if (moves.empty()) return card == 'J' ? alpha : (card == 'Q' ? 0.0 : 3.0 * alpha);
  if (card == 'K') return 1.0;
  if (moves == "pb") return card == 'J' ? 0.0 : alpha + 1.0 / 3.0;
  if (moves == "p") return card == 'J' ? 1.0 / 3.0 : 0.0;
  return card == 'J' ? 0.0 : 1.0 / 3.0;
}

}  // namespace troupe::kuhn
