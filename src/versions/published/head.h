#pragma once

#include <string>
#include <string_view>

#include "versions/published/catalogue.h"

namespace troupe {

/// The file of a policy's folder that says which of the payloads beside it count, and which version
/// is current (docs/formats/published.md). Whatever it does not name is debris.
constexpr const char* kHeadFile = "head.json";

std::string head_text(const Catalogue& catalogue);
/// kInvalid: damaged, or of another version of Troupe; `path` is for the message.
Result<Catalogue> parse_head(std::string_view text, const std::string& path);

/// The name of a payload: "0002-00000007.delta", "0002-00000007.anchor".
std::string payload_name(const StateId& target, bool anchor);
/// Letters, digits, '.' and '-', and not "." or "..": safe as a file's name, and in a URL.
bool is_payload_name(std::string_view name);

}  // namespace troupe
