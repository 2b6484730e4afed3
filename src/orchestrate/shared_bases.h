#pragma once

#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>

#include "base/disk.h"
#include "model/decoder.h"
#include "model/tokenizer.h"
#include "rollout/local_engine.h"

namespace troupe {

/// Model folders that policies start from, each read once. Lives on the strand.
class BaseFolders {
 public:
  struct Folder {
    std::shared_ptr<const Weights> weights;
    std::shared_ptr<const Tokenizer> tokenizer;
  };
  Result<Folder> read(Disk& disk, const std::string& path, const std::string& end_token);

 private:
  std::map<std::pair<std::string, std::string>, Folder> folders_;  ///< by path and end token
};

/// Bases that adapters sit on: policies whose base has the same weights, dtype and end token share
/// one in memory, and one engine. Lives on the strand.
class SharedBases {
 public:
  struct Base {
    std::shared_ptr<const Decoder> decoder;
    std::string digest;                   ///< of the weights
    int policies = 0;                     ///< how many share it
    std::shared_ptr<LocalEngine> engine;  ///< once engine() made it
  };
  /// One more policy on this base.
  std::shared_ptr<Base> join(std::shared_ptr<const Weights> weights, Dtype dtype, TokenId end);
  /// The engine of a base, for all that have joined: `options` are those of one policy, and the
  /// budgets of all add up.
  static std::shared_ptr<LocalEngine> engine(Executor& executor, Base& base,
                                             LocalEngine::Options options);

 private:
  std::map<std::tuple<std::string, Dtype, TokenId>, std::shared_ptr<Base>> bases_;
};

}  // namespace troupe
