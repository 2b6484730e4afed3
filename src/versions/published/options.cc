#include "versions/published/options.h"

namespace troupe {

void VersionsOptions::declare(OptionSet& o) {
  o.add("publish", &publish,
        "Publish each version of the policies in RUN/versions, as what changed since the one "
        "before.");
  o.add("anchor_every", &anchor_every,
        "Write a whole version beside the changes after every so many, or sooner if the changes "
        "since the last one weigh more than it.")
      .range(1, 1e6);
  o.add("keep", &keep,
        "Versions kept of each policy, at least; older ones go when none of them needs them.")
      .range(1, 1e6);
  o.add("keep_megabytes", &keep_megabytes,
        "Published versions of a policy take at most so much, if the way to the newest lets them. "
        "0: no limit.")
      .range(0, 1e9);
}

}  // namespace troupe
