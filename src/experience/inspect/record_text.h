#pragma once

#include <string>
#include <vector>

#include "experience/inspect/inspect.h"

namespace troupe {

// Records and groups as people and programs read them. Steps count from 0, as in the journal.
// JSON is one object on one line, without a newline; docs/experience.md has the keys.

/// A record in a few words, such as "group 3 of step 12: task 196". `policies`: the tables' names.
std::string record_text(const StoreRecord& record, const std::vector<std::string>& policies);

/// A record with all that it says; of responses only their size and place.
std::string record_json(const StoreRecord& record, Lsn lsn,
                        const std::vector<std::string>& policies);

/// A table's part of a group, with its rows; with the tokens, log-probs and versions of their
/// responses if `responses` is given: `segments`, null where the response is not in the journal any
/// more. An error if one is damaged.
Result<std::string> group_json(const std::string& policy, GroupKey key, const TableEntry& entry,
                               const ResponseReader* responses);

}  // namespace troupe
