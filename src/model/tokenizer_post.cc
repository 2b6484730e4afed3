#include "model/tokenizer_post.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "model/json_fields.h"

namespace troupe {
namespace {

using nlohmann::json;
using Ids = std::vector<TokenId>;

constexpr const char* kRemedy = "use a checkpoint with another tokenizer";

tl::unexpected<Error> invalid(std::string message) {
  return fail(ErrorCode::kInvalid, std::move(message));
}

/// The text of a member, "" if it is not there.
std::string text_of(const json& object, const char* key) {
  if (!object.is_object()) return "";
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

/// special_tokens.NAME: {"id": NAME, "ids": [...], "tokens": [...]}, as many ids as tokens, which
/// are added tokens.
Status append_special(const json* table, const std::string& name, const std::string& where,
                      const AddedTokens& added, Ids& out) {
  const auto bad = [&] {
    return invalid(fmt::format("{}.special_tokens does not give {} the ids of its added tokens; {}",
                               where, brief_json(name), kRemedy));
  };
  if (table == nullptr || !table->is_object() || !table->contains(name)) return bad();
  const json& entry = table->at(name);
  if (!entry.is_object() || !entry.contains("ids") || !entry.contains("tokens")) return bad();
  const json& ids = entry.at("ids");
  const json& tokens = entry.at("tokens");
  if (!ids.is_array() || !tokens.is_array() || ids.size() != tokens.size()) return bad();
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (!tokens[i].is_string()) return bad();
    const auto* token = added.find(tokens[i].get<std::string>());
    if (token == nullptr || ids[i] != json(token->id)) return bad();
    out.push_back(token->id);
  }
  return {};
}

Result<Ids> parse_template(const json& value, const std::string& where, const AddedTokens& added) {
  JsonFields fields(value, where);
  fields.ignore("type");
  fields.ignore("pair");  // two texts at once, which Troupe never has
  const json* special = fields.take_value("special_tokens");
  const json* single = fields.take_value("single");
  TROUPE_TRY(fields.refuse_others(kRemedy));
  if (single == nullptr || !single->is_array()) return fields.wrong("single", "a list");
  Ids out;
  bool text_seen = false;
  for (const json& item : *single) {
    const bool one = item.is_object() && item.size() == 1;
    const std::string kind = one ? item.begin().key() : "";
    const std::string id = one ? text_of(item.begin().value(), "id") : "";
    if (kind == "Sequence" && id == "A" && !text_seen) {
      text_seen = true;
    } else if (kind == "SpecialToken" && !text_seen) {
      TROUPE_TRY(append_special(special, id, where, added, out));
    } else {
      return invalid(
          fmt::format("{}.single has {} where Troupe expects tokens, then the text $A "
                      "once, then nothing; {}",
                      where, brief_json(item), kRemedy));
    }
  }
  if (!text_seen) return fields.wrong("single", "a template with the text $A");
  return out;
}

Result<Ids> parse(const json& value, const std::string& where, const AddedTokens& added) {
  const std::string type = text_of(value, "type");
  if (type == "ByteLevel") return Ids();
  if (type == "TemplateProcessing") return parse_template(value, where, added);
  if (type != "Sequence" || !value.contains("processors") || !value.at("processors").is_array()) {
    return invalid(
        fmt::format("{} is {}; expected null, ByteLevel, TemplateProcessing or a "
                    "Sequence of these",
                    where, brief_json(value)));
  }
  Ids out;
  const json& list = value.at("processors");
  for (std::size_t i = 0; i < list.size(); ++i) {
    TROUPE_ASSIGN(const Ids more,
                  parse(list[i], fmt::format("{}.processors[{}]", where, i), added));
    out.insert(out.begin(), more.begin(), more.end());  // a later one goes around the earlier
  }
  return out;
}

}  // namespace

Result<Ids> parse_opening(const json* value, const AddedTokens& added) {
  if (value == nullptr) return Ids();
  return parse(*value, "post_processor", added);
}

}  // namespace troupe
