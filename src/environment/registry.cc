#include "environment/registry.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <numeric>

#include "environment/chain/chain.h"
#include "environment/code/code.h"
#include "environment/command/command.h"
#include "environment/countdown/countdown.h"
#include "environment/dataset/dataset.h"
#include "environment/guess/guess.h"
#include "environment/kuhn/kuhn.h"
#include "environment/solver_verifier/solver_verifier.h"
#include "environment/sort/sort.h"

namespace troupe {
namespace {

struct Entry {
  const char* name;
  std::function<std::unique_ptr<EnvironmentSpec>(EnvironmentServices)> make;
};

const std::vector<Entry>& entries() {
  static const std::vector<Entry> list = {
      {"sort", [](EnvironmentServices) { return std::make_unique<SortSpec>(); }},
      {"countdown", [](EnvironmentServices) { return std::make_unique<CountdownSpec>(); }},
      {"guess", [](EnvironmentServices) { return std::make_unique<GuessSpec>(); }},
      {"chain", [](EnvironmentServices) { return std::make_unique<ChainSpec>(); }},
      {"kuhn", [](EnvironmentServices) { return std::make_unique<KuhnSpec>(); }},
      {"solver_verifier",
       [](EnvironmentServices) { return std::make_unique<SolverVerifierSpec>(); }},
      {"code", [](EnvironmentServices) { return std::make_unique<CodeSpec>(); }},
      {"dataset", [](EnvironmentServices s) { return std::make_unique<DatasetSpec>(s); }},
      {"command", [](EnvironmentServices s) { return std::make_unique<CommandSpec>(s); }},
  };
  return list;
}

/// Levenshtein's distance.
std::size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0]++;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

std::vector<std::string> environment_names() {
  std::vector<std::string> names;
  for (const Entry& entry : entries()) names.emplace_back(entry.name);
  return names;
}

Result<std::unique_ptr<EnvironmentSpec>> make_environment(const std::string& name,
                                                          EnvironmentServices services) {
  for (const Entry& entry : entries()) {
    if (entry.name == name) return entry.make(services);
  }
  const std::vector<std::string> names = environment_names();
  const auto nearest = std::min_element(
      names.begin(), names.end(),
      [&](const auto& a, const auto& b) { return distance(name, a) < distance(name, b); });
  const bool near = 2 * distance(name, *nearest) <= std::max(name.size(), nearest->size());
  return fail(ErrorCode::kInvalid,
              fmt::format("environment.name: unknown environment '{}'; {}there are {}", name,
                          near ? fmt::format("did you mean '{}'? ", *nearest) : "",
                          fmt::join(names, ", ")));
}

}  // namespace troupe
