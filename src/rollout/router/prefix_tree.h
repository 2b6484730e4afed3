#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "experience/version.h"
#include "model/tokenizer.h"

namespace troupe {

/// An instance that holds the KV cache of a prefix.
struct PrefixMatch {
  int instance = 0;        ///< id
  std::size_t length = 0;  ///< tokens, at least 1
  bool operator==(const PrefixMatch&) const = default;
};

/// Which instances hold the KV cache of which prefixes: a radix tree over token ids for each policy
/// version. A cache of another version is no cache: there is no match across versions.
///
/// What an instance holds of a prefix's tokens counts against the budget; beyond it the runs of
/// tokens that were inserted longest ago go, the ends of contexts before their beginnings. It is a
/// guess of what the instances hold: they evict by themselves.
///
/// insert() and match() take time in the length of the tokens and the number of instances that
/// share a prefix of them. Lives on the strand.
class PrefixTree {
 public:
  /// `budget`: tokens, those of each instance counted by themselves.
  explicit PrefixTree(std::size_t budget);
  ~PrefixTree();
  PrefixTree(const PrefixTree&) = delete;
  PrefixTree& operator=(const PrefixTree&) = delete;

  /// The instance holds these tokens from now on, and used them just now.
  void insert(int instance, const Version& version, std::span<const TokenId> tokens);
  /// The longest prefix of `tokens` that each instance holds at that version, by ascending id;
  /// those that hold none are left out. Does not count as use.
  [[nodiscard]] std::vector<PrefixMatch> match(const Version& version,
                                               std::span<const TokenId> tokens) const;
  /// The instance holds nothing, of any version. Time in what all hold.
  void forget(int instance);

  [[nodiscard]] std::size_t held() const { return held_; }  ///< tokens, of all instances
  [[nodiscard]] std::size_t held(int instance) const;

 private:
  struct Node;
  /// One instance's claim to one node's tokens. An instance that holds a node holds its parent too.
  struct Hold {
    int instance = 0;
    Node* node = nullptr;
  };
  /// By last use, latest first; of one instance a node comes before its children, so that the last
  /// is always the end of a context.
  using Holds = std::list<Hold>;

  Node* root(const Version& version);
  Node* step(Node& node, std::span<const TokenId>& tokens);
  void split(Node& node, std::size_t length);
  void claim(int instance, Node& node);
  void release(Holds::iterator hold);

  std::size_t budget_;
  std::size_t held_ = 0;
  Holds holds_;
  std::unordered_map<int, std::size_t> held_by_;
  /// By (incarnation, number).
  std::map<std::pair<std::int64_t, std::int64_t>, std::unique_ptr<Node>> roots_;
};

}  // namespace troupe
