#include "versions/published/head.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/digest.h"

namespace troupe {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kFormat = "troupe-published-1";

Json json_of(const StateId& id) {
  return {{"incarnation", id.incarnation}, {"number", id.number}, {"digest", id.digest}};
}

StateId id_of(const Json& json) {
  return {json.at("incarnation").get<std::int64_t>(), json.at("number").get<std::int64_t>(),
          json.at("digest").get<std::string>()};
}

}  // namespace

std::string payload_name(const StateId& target, bool anchor) {
  return fmt::format("{:04d}-{:08d}.{}", target.incarnation, target.number,
                     anchor ? "anchor" : "delta");
}

bool is_payload_name(std::string_view name) {
  return !name.empty() && name.front() != '.' && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.';
  });
}

std::string head_text(const Catalogue& catalogue) {
  Json out;
  out["format"] = kFormat;
  out["policy"] = catalogue.policy;
  out["head"] = json_of(catalogue.head);
  out["payloads"] = Json::array();
  for (const PayloadEntry& payload : catalogue.payloads) {
    Json entry = {{"name", payload.name}, {"target", json_of(payload.target)}};
    if (payload.base) entry["base"] = json_of(*payload.base);
    entry["bytes"] = payload.bytes;
    entry["digest"] = payload.digest;
    out["payloads"].push_back(std::move(entry));
  }
  out["digest"] = Digest().add(out.dump()).hex();  // of all the rest
  return out.dump(1) + "\n";
}

Result<Catalogue> parse_head(std::string_view text, const std::string& path) {
  Catalogue out;
  try {
    Json in = Json::parse(text);
    if (in.at("format") != kFormat) {
      return fail(ErrorCode::kInvalid, path + ": a format of another version of Troupe");
    }
    const auto digest = in.at("digest").get<std::string>();
    in.erase("digest");
    if (Digest().add(in.dump()).hex() != digest) {
      return fail(ErrorCode::kInvalid,
                  path + ": its digest is not its own: the file was changed or damaged");
    }
    out.policy = in.at("policy").get<std::string>();
    out.head = id_of(in.at("head"));
    for (const Json& entry : in.at("payloads")) {
      PayloadEntry payload;
      payload.name = entry.at("name").get<std::string>();
      if (!is_payload_name(payload.name)) {
        return fail(ErrorCode::kInvalid, path + ": a payload's name is not one");
      }
      payload.target = id_of(entry.at("target"));
      if (entry.contains("base")) payload.base = id_of(entry.at("base"));
      payload.bytes = entry.at("bytes").get<std::uint64_t>();
      payload.digest = entry.at("digest").get<std::string>();
      out.payloads.push_back(std::move(payload));
    }
  } catch (const nlohmann::json::exception& e) {
    return fail(ErrorCode::kInvalid, fmt::format("{}: damaged or truncated: {}", path, e.what()));
  }
  return out;
}

}  // namespace troupe
