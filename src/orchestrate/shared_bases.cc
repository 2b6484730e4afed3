#include "orchestrate/shared_bases.h"

#include "model/checkpoint_files.h"

namespace troupe {

Result<BaseFolders::Folder> BaseFolders::read(Disk& disk, const std::string& path,
                                              const std::string& end_token) {
  const auto key = std::make_pair(path, end_token);
  const auto found = folders_.find(key);
  if (found != folders_.end()) return found->second;
  TROUPE_ASSIGN(ModelFolder folder, read_model_folder(disk, path, end_token));
  return folders_
      .emplace(key, Folder{std::make_shared<const Weights>(std::move(folder.weights)),
                           std::move(folder.tokenizer)})
      .first->second;
}

std::shared_ptr<SharedBases::Base> SharedBases::join(std::shared_ptr<const Weights> weights,
                                                     Dtype dtype, TokenId end) {
  const std::string digest = weights->digest();
  auto& base = bases_[{digest + weights->config.to_json(), dtype, end}];
  if (base == nullptr) {
    base = std::make_shared<Base>();
    base->digest = digest;
    base->decoder = std::make_shared<const Decoder>(std::move(weights), dtype);
  }
  ++base->policies;
  return base;
}

std::shared_ptr<LocalEngine> SharedBases::engine(Executor& executor, Base& base,
                                                 LocalEngine::Options options) {
  if (base.engine == nullptr) {
    options.max_sessions *= base.policies;
    options.kv_bytes *= static_cast<std::uint64_t>(base.policies);
    base.engine = std::make_shared<LocalEngine>(executor, options, Version(), base.decoder);
  }
  return base.engine;
}

}  // namespace troupe
