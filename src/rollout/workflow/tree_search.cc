#include "rollout/workflow/tree_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "rollout/workflow/vote.h"

namespace troupe {

/// A branch, and what was said in it.
struct TreeSearchWorkflow::Node {
  std::unique_ptr<Episode> episode;
  Action answer;
  Action verdict;
  double score = 0;
};

void TreeSearchWorkflow::declare(OptionSet& options) {
  options.add("width", &width_, "Branches that a node forks into.").range(2, 64);
  options.add("depth", &depth_, "Levels of the tree.").range(1, 8);
  options.add("beam", &beam_, "Branches of a level that fork again.").range(1, 64);
  options.add("scorer", &scorer_, "What scores an answer: a critic, or how many say the same.")
      .one_of({"critic", "majority"});
  options
      .add("reward", &reward_,
           "own: a branch's solver earns what its answer would have earned, its critic what the "
           "verdict is worth. team: all earn what the answer that counts does.")
      .one_of({"own", "team"});
}

Status TreeSearchWorkflow::prepare(const EnvironmentSpec& environment) {
  std::tie(worst_, best_) = environment.reward_range();
  if (depth_ == 1 && beam_ > 1) {
    return fail(ErrorCode::kInvalid,
                fmt::format("workflow.beam = {} would do nothing: workflow.depth is 1; raise it or "
                            "leave beam at 1",
                            beam_));
  }
  if (beam_ > width_) {
    return fail(ErrorCode::kInvalid,
                fmt::format("workflow.beam is {}, but the first level has workflow.width = {} "
                            "branches: use at most as many",
                            beam_, width_));
  }
  return TeamWorkflow::prepare(environment);
}

std::int64_t TreeSearchWorkflow::branches() const { return width_ * (1 + (depth_ - 1) * beam_); }

int TreeSearchWorkflow::contexts_per_agent(const EnvironmentSpec& environment) const {
  return static_cast<int>(branches()) * environment.max_turns();
}

std::vector<std::string> TreeSearchWorkflow::team() const {
  if (scorer_ == "critic") return {"solver", "critic"};
  return {"solver"};
}

/// One branch: an answer, and what the critic says of it. It waits for no other branch.
Async<void> TreeSearchWorkflow::explore(Node& node, std::string task, Gate::Pass pass,
                                        Status& out) const {
  const Gate::Pass held = std::move(pass);
  const std::string prompt = task.empty() ? std::string("?>") : task;
  auto answer = co_await ask(*node.episode, "solver", prompt);
  if (!answer) {
    out = tl::unexpected(answer.error());
    co_return;
  }
  node.answer = std::move(*answer);
  if (scorer_ == "majority") co_return;
  auto verdict =
      co_await ask_verdict(*node.episode, "critic", task + quote(node.answer), node.answer.text);
  if (!verdict) {
    out = tl::unexpected(verdict.error());
    co_return;
  }
  node.verdict = std::move(*verdict);
  const double sure = std::exp(node.verdict.logprob);
  node.score = node.verdict.text.starts_with("y") ? sure : 1 - sure;
}

/// Forks every one of `roots`, and explores the branches side by side.
Async<Status> TreeSearchWorkflow::grow(const std::vector<Episode*>& roots, const std::string& task,
                                       Nodes& nodes) const {
  const std::size_t first = nodes.size();
  for (Episode* root : roots) {
    for (std::int64_t i = 0; i < width_; ++i) {
      nodes.push_back(std::make_unique<Node>());
      nodes.back()->episode = root->fork();
    }
  }
  std::vector<Status> results(nodes.size() - first);
  Gate gate(roots.front()->executor());
  for (std::size_t i = first; i < nodes.size(); ++i) {
    spawn(explore(*nodes[i], task, Gate::Pass(gate), results[i - first]));
  }
  Status ended = co_await gate.drain(Wait(2 * 3600 * kSecond, "branches of an episode"));
  if (!ended) co_return ended;
  for (Status& result : results) {
    if (!result) co_return std::move(result);
  }
  if (scorer_ == "critic") co_return Status();
  for (const auto& node : nodes) {
    const auto same = [&](const auto& other) {
      return canonical(other->answer.text) == canonical(node->answer.text);
    };
    const auto votes = std::count_if(nodes.begin(), nodes.end(), same);
    node->score = static_cast<double>(votes) / static_cast<double>(nodes.size());
  }
  co_return Status();
}

/// What the branch's agents earn by themselves; nothing if that is not known.
Async<Result<TreeSearchWorkflow::Rewards>> TreeSearchWorkflow::own_rewards(Episode& episode,
                                                                           const std::string& asked,
                                                                           const Node& node) const {
  Rewards out;
  if (reward_ == "team" || !episode.trains()) co_return out;
  std::vector<Action> actions;
  actions.push_back(node.answer);
  actions.back().agent = asked;
  auto outcome = co_await episode.outcome_if(std::move(actions));
  if (!outcome) co_return tl::unexpected(outcome.error());
  if (!outcome->has_value()) co_return out;
  out["solver"] = (*outcome)->rewards.front();
  const bool says_yes = node.verdict.text.starts_with("y");
  if (scorer_ == "critic") out["critic"] = says_yes == (*outcome)->success ? best_ : worst_;
  co_return out;
}

Async<Result<Action>> TreeSearchWorkflow::answer(Episode& episode, Prompt shown) const {
  Nodes nodes;
  std::vector<Episode*> roots;
  roots.push_back(&episode);
  for (std::int64_t level = 0; level < depth_; ++level) {
    const std::size_t first = nodes.size();
    const std::string task = level == 0 ? shown.text : std::string();
    Status grown = co_await grow(roots, task, nodes);
    if (!grown) co_return tl::unexpected(grown.error());
    std::vector<Node*> order;
    for (std::size_t i = first; i < nodes.size(); ++i) order.push_back(nodes[i].get());
    std::stable_sort(order.begin(), order.end(),
                     [](const Node* a, const Node* b) { return a->score > b->score; });
    order.resize(std::min(order.size(), static_cast<std::size_t>(beam_)));
    roots.clear();
    for (const Node* node : order) roots.push_back(node->episode.get());
  }
  const auto best = std::max_element(
      nodes.begin(), nodes.end(), [](const auto& a, const auto& b) { return a->score < b->score; });
  episode.follow(*(*best)->episode);
  Action chosen = (*best)->answer;
  for (const auto& node : nodes) {
    auto rewards = co_await own_rewards(episode, shown.agent, *node);
    if (!rewards) co_return tl::unexpected(rewards.error());
    episode.join(*node->episode, *rewards);
  }
  co_return chosen;
}

}  // namespace troupe
