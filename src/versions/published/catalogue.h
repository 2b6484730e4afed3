#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/disk.h"
#include "troupe/result.h"
#include "versions/delta/state.h"

namespace troupe {

/// One payload (docs/formats/delta.md) that somebody can fetch.
struct PayloadEntry {
  std::string name;             ///< unique in its policy; letters, digits, '.', '-'
  std::optional<StateId> base;  ///< none: a full anchor
  StateId target;
  std::uint64_t bytes = 0;
  std::string digest;  ///< XXH3, 128 bits, of the payload: 32 hexadecimal digits
};

/// All payloads of one policy that can be fetched now, oldest target first, and the version that is
/// current.
struct Catalogue {
  std::string policy;
  StateId head;
  std::vector<PayloadEntry> payloads;
};

/// Where payloads come from: what a store of published versions offers to receivers. Calls block
/// and may come from several threads.
class PayloadSource {
 public:
  virtual ~PayloadSource() = default;
  [[nodiscard]] virtual std::vector<std::string> policies() = 0;
  /// kNotFound: no such policy, or none of its versions is published yet.
  virtual Result<Catalogue> catalogue(const std::string& policy) = 0;
  /// The payload's bytes; they stay readable while the view lives, also when retention removes it
  /// meanwhile. kNotFound if it is gone.
  virtual Result<std::unique_ptr<const FileView>> open(const std::string& policy,
                                                       const std::string& name) = 0;
};

/// The payloads to apply, in order, to come from `held` to the catalogue's head with the fewest
/// bytes: a chain of deltas, or an anchor and the deltas behind it. `held` null: the receiver has
/// nothing. Empty: it is there already. kNotFound if no path exists. Pure.
Result<std::vector<PayloadEntry>> plan_path(const Catalogue& catalogue, const StateId* held);

}  // namespace troupe
