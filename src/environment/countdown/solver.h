#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

class Rng;
struct Expression;

/// Exhaustive search over the expressions that use each number exactly once.
///
/// Expressions are written in one canonical form, so that those which differ only in the order of
/// terms and factors, or in superfluous parentheses, count once: sums and products are flat, with
/// longer operands first and equally long ones in descending order, added terms before subtracted
/// ones, factors before divisors; parentheses only around sums inside products. E.g. "(9+7)*3",
/// "9*7-3", "9-7-3", never "3+(7*9)". Pure functions.

/// More numbers than this make the search too large: about 30,000 forms for 5.
constexpr std::size_t kMaxSolverNumbers = 5;

/// All canonical expressions with value `target`, sorted; empty if there is none, or if there are
/// more than kMaxSolverNumbers numbers.
std::vector<std::string> solutions(const std::vector<std::int64_t>& numbers, std::int64_t target,
                                   std::string_view operators);

/// `expression` in that form, whatever its value, so that expressions that say the same compare
/// equal. It is not simplified further: "3*(7-9)" and "7*3-9*3" stay different.
std::string canonical_form(const Expression& expression);

/// The whole numbers in [low, high] that some expression reaches, ascending. Same limit.
std::vector<std::int64_t> reachable(const std::vector<std::int64_t>& numbers, std::int64_t low,
                                    std::int64_t high, std::string_view operators);

/// A canonical expression over the numbers from random pairings, orders and operators, of any value
/// (possibly none). Any count of numbers from 1 up.
std::string random_expression(const std::vector<std::int64_t>& numbers, std::string_view operators,
                              Rng& rng);

}  // namespace troupe
