#include "rollout/router/prefix_tree.h"

#include <algorithm>
#include <utility>

namespace troupe {

struct PrefixTree::Node {
  std::vector<TokenId> tokens;  ///< from the parent to here; empty at a root alone
  Node* parent = nullptr;
  std::unordered_map<TokenId, std::unique_ptr<Node>> children;  ///< by their first token
  std::vector<Holds::iterator> holds;                           ///< by ascending instance
  std::pair<std::int64_t, std::int64_t> version;                ///< of a root

  [[nodiscard]] auto place_of(int instance) {
    return std::lower_bound(holds.begin(), holds.end(), instance,
                            [](const auto& hold, int id) { return hold->instance < id; });
  }
};

namespace {

std::size_t common_length(std::span<const TokenId> a, std::span<const TokenId> b) {
  const std::size_t most = std::min(a.size(), b.size());
  std::size_t i = 0;
  while (i < most && a[i] == b[i]) ++i;
  return i;
}

}  // namespace

PrefixTree::PrefixTree(std::size_t budget) : budget_(budget) {}
PrefixTree::~PrefixTree() {
  while (!holds_.empty()) release(std::prev(holds_.end()));  // no recursion over deep trees
}

std::size_t PrefixTree::held(int instance) const {
  const auto found = held_by_.find(instance);
  return found == held_by_.end() ? 0 : found->second;
}

PrefixTree::Node* PrefixTree::root(const Version& version) {
  const std::pair key(version.incarnation, version.number);
  std::unique_ptr<Node>& node = roots_[key];
  if (node == nullptr) {
    node = std::make_unique<Node>();
    node->version = key;
  }
  return node.get();
}

/// Cuts the node in two: its first `length` tokens go to a new parent, which all hold who hold it.
void PrefixTree::split(Node& node, std::size_t length) {
  std::unique_ptr<Node>& place = node.parent->children.at(node.tokens.front());
  auto upper = std::make_unique<Node>();
  const auto cut = node.tokens.begin() + static_cast<std::ptrdiff_t>(length);
  upper->tokens.assign(node.tokens.begin(), cut);
  upper->parent = node.parent;
  upper->holds.reserve(node.holds.size());
  for (const auto hold : node.holds) {
    Hold claim = *hold;
    claim.node = upper.get();
    upper->holds.push_back(holds_.insert(hold, claim));
  }
  node.tokens.erase(node.tokens.begin(), cut);
  node.parent = upper.get();
  Node& above = *upper;
  above.children[node.tokens.front()] = std::move(place);
  place = std::move(upper);
}

/// The child that the tokens lead to, made or cut so that all of its tokens are theirs; takes them
/// off.
PrefixTree::Node* PrefixTree::step(Node& node, std::span<const TokenId>& tokens) {
  std::unique_ptr<Node>& child = node.children[tokens.front()];
  if (child == nullptr) {
    child = std::make_unique<Node>();
    child->tokens.assign(tokens.begin(), tokens.end());
    child->parent = &node;
  } else {
    const std::size_t length = common_length(child->tokens, tokens);
    if (length < child->tokens.size()) split(*child, length);
  }
  tokens = tokens.subspan(child->tokens.size());
  return child.get();
}

/// The instance holds the node, latest of all.
void PrefixTree::claim(int instance, Node& node) {
  const auto place = node.place_of(instance);
  if (place != node.holds.end() && (*place)->instance == instance) {
    holds_.splice(holds_.begin(), holds_, *place);
    return;
  }
  Hold hold;
  hold.instance = instance;
  hold.node = &node;
  holds_.push_front(hold);
  node.holds.insert(place, holds_.begin());
  held_ += node.tokens.size();
  held_by_[instance] += node.tokens.size();
}

/// Takes one claim back, and the node with it if it was the last one. The instance holds no child
/// of the node.
void PrefixTree::release(Holds::iterator hold) {
  Node& node = *hold->node;
  const auto by = held_by_.find(hold->instance);
  held_ -= node.tokens.size();
  by->second -= node.tokens.size();
  if (by->second == 0) held_by_.erase(by);
  node.holds.erase(node.place_of(hold->instance));
  holds_.erase(hold);
  if (!node.holds.empty()) return;
  Node& parent = *node.parent;
  parent.children.erase(node.tokens.front());
  if (parent.parent == nullptr && parent.children.empty()) roots_.erase(parent.version);
}

void PrefixTree::insert(int instance, const Version& version, std::span<const TokenId> tokens) {
  if (tokens.empty()) return;
  std::vector<Node*> path;
  for (Node* node = root(version); !tokens.empty();) {
    node = step(*node, tokens);
    path.push_back(node);
  }
  for (auto node = path.rbegin(); node != path.rend(); ++node) claim(instance, **node);
  while (held_ > budget_) release(std::prev(holds_.end()));
}

std::vector<PrefixMatch> PrefixTree::match(const Version& version,
                                           std::span<const TokenId> tokens) const {
  std::vector<PrefixMatch> out;
  const auto found = roots_.find(std::pair(version.incarnation, version.number));
  if (found == roots_.end()) return out;
  const Node* node = found->second.get();
  std::size_t length = 0;
  while (length < tokens.size()) {
    const auto child = node->children.find(tokens[length]);
    if (child == node->children.end()) break;
    node = child->second.get();
    const std::size_t common = common_length(node->tokens, tokens.subspan(length));
    length += common;
    // Both are by ascending id, and who holds a node is among those who hold its parent.
    std::size_t at = 0;
    const bool first = out.empty();
    for (const auto& hold : node->holds) {
      if (first) out.emplace_back().instance = hold->instance;
      while (out[at].instance != hold->instance) ++at;
      out[at].length = length;
    }
    if (common < node->tokens.size()) break;
  }
  return out;
}

void PrefixTree::forget(int instance) {
  if (held(instance) == 0) return;
  for (auto hold = holds_.end(); hold != holds_.begin();) {
    const auto last = std::prev(hold);
    if (last->instance == instance) {
      release(last);
    } else {
      hold = last;
    }
  }
}

}  // namespace troupe
