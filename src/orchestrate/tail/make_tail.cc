#include "orchestrate/tail/make_tail.h"

#include "orchestrate/tail/redundant_groups.h"
#include "orchestrate/tail/redundant_members.h"
#include "orchestrate/tail/tail_batching.h"

namespace troupe {

std::unique_ptr<TailPolicy> make_tail(const std::string& name, double factor, std::int64_t groups,
                                      std::int64_t members) {
  if (name == "redundant_groups") return std::make_unique<RedundantGroups>(groups, members, factor);
  if (name == "tail_batching") return std::make_unique<TailBatching>(groups, members, factor);
  if (name == "redundant_members") {
    return std::make_unique<RedundantMembers>(groups, members, factor);
  }
  return nullptr;
}

}  // namespace troupe
