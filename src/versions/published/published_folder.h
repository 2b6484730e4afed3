#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/disk.h"
#include "versions/published/catalogue.h"
#include "versions/published/state_copy.h"

namespace troupe {

/// The published versions of a run's policies, for reading: FOLDER/POLICY/ as PublishedVersions
/// writes it, also while it does, in this process or another. It keeps nothing in memory: each call
/// reads the head file, which is replaced in one piece. A payload that retention removed after its
/// catalogue was read is kNotFound; read the catalogue again.
///
/// Thread-safe. kInvalid if a head file is damaged.
class PublishedFolder final : public PayloadSource {
 public:
  PublishedFolder(Disk& disk, std::string folder) : disk_(disk), folder_(std::move(folder)) {}

  [[nodiscard]] std::vector<std::string> policies() override;
  Result<Catalogue> catalogue(const std::string& policy) override;
  Result<std::unique_ptr<const FileView>> open(const std::string& policy,
                                               const std::string& name) override;

  [[nodiscard]] const std::string& folder() const { return folder_; }

 private:
  Disk& disk_;
  std::string folder_;
};

/// Weights that somebody holds, and which version they are.
struct HeldVersion {
  StateCopy state;
  StateId id;  ///< digest "": nothing is held
};

/// Turns `held` into `version` of the catalogue by the cheapest path, each tensor verified by its
/// digest. kNotFound: no path; kIo: a payload is damaged. After an error `held` is some version on
/// the way, whole.
Status bring_to(PayloadSource& source, const Catalogue& catalogue, const StateId& version,
                HeldVersion& held);

/// A version's weights, from an anchor and the deltas behind it. Errors as above.
Result<StateCopy> materialise(PayloadSource& source, const Catalogue& catalogue,
                              const StateId& version);

/// The kept version of that number: of the newest incarnation that has it, or of the one asked for.
/// kNotFound says what there is.
Result<StateId> find_version(const Catalogue& catalogue, std::int64_t number,
                             std::optional<std::int64_t> incarnation = std::nullopt);

}  // namespace troupe
