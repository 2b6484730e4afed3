#include "rollout/workflow/mixture.h"

namespace troupe {

void MixtureWorkflow::declare(OptionSet& options) {
  options.add("proposers", &proposers_, "Agents that propose answers.").range(1, 16);
  options.add("layers", &layers_, "Times that each proposer answers before the aggregator does.")
      .range(1, 8);
}

std::vector<std::string> MixtureWorkflow::team() const {
  std::vector<std::string> out = numbered("proposer", proposers_);
  out.emplace_back("aggregator");
  return out;
}

Async<Result<Action>> MixtureWorkflow::answer(Episode& episode, Prompt shown) const {
  std::vector<Action> said;
  for (std::int64_t layer = 0; layer < layers_; ++layer) {
    std::vector<Prompt> prompts;
    for (const std::string& proposer : numbered("proposer", proposers_)) {
      prompts.push_back({proposer, layer == 0 ? shown.text : quote(said)});
    }
    auto answers = co_await act_together(episode, std::move(prompts));
    if (!answers) co_return tl::unexpected(answers.error());
    said = std::move(*answers);
  }
  Result<Action> answer = co_await ask(episode, "aggregator", shown.text + quote(said));
  co_return answer;
}

}  // namespace troupe
