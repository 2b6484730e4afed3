#include "versions/transfer/http_payloads.h"

#include <fmt/format.h>

#include <algorithm>

#include "versions/published/head.h"

namespace troupe {
namespace {

constexpr std::size_t kMostCatalogue = std::size_t{64} << 20;

std::string without_slash(std::string text) {
  while (text.ends_with('/')) text.pop_back();
  return text;
}

}  // namespace

HttpPayloads::HttpPayloads(const HttpUrl& server, std::string token, Limits limits)
    : client_(server, std::move(token)),
      name_(without_slash(server.text())),
      prefix_(without_slash(server.path)),
      limits_(limits) {}

HttpGet HttpPayloads::request(const std::string& path) const {
  HttpGet out;
  out.path = prefix_ + path;
  out.timeout_seconds = limits_.request_seconds;
  out.idle_seconds = limits_.idle_seconds;
  return out;
}

Status HttpPayloads::check(int status, const std::string& what) const {
  if (status == 200 || status == 206) return {};
  if (status == 401 || status == 403) {
    return fail(ErrorCode::kInvalid,
                fmt::format("{} refused the token; give the one that it was started with", name_));
  }
  if (status == 404) {
    return fail(ErrorCode::kNotFound, fmt::format("{} does not offer {}", name_, what));
  }
  return fail(ErrorCode::kUnavailable,
              fmt::format("{} replied with status {} to a request for {}", name_, status, what));
}

Result<Catalogue> HttpPayloads::catalogue(const std::string& policy) {
  TROUPE_ASSIGN(const HttpReply reply,
                client_.get_text(request("/v1/policies/" + policy), kMostCatalogue));
  TROUPE_TRY(check(reply.status, "policy " + policy));
  auto out = parse_head(reply.body, name_);
  // What came may be damaged on its way: that is not for good.
  if (!out) return fail(ErrorCode::kUnavailable, out.error().message);
  return out;
}

Status HttpPayloads::fetch(const std::string& policy, const PayloadEntry& payload,
                           std::uint64_t first, std::uint64_t most, const PayloadSink& sink) {
  HttpGet get = request(fmt::format("/v1/policies/{}/payloads/{}", policy, payload.name));
  const std::string etag = "\"" + payload.digest + "\"";
  get.range.emplace(first, first + std::max<std::uint64_t>(most, 1) - 1);
  get.if_range = etag;
  std::uint64_t skip = 0;
  bool begun = false;
  const auto take = [&](const HttpHead& head, std::string_view piece) -> Status {
    if (!begun) {
      begun = true;
      const std::uint64_t whole = head.status == 206 ? head.whole : head.length;
      if (head.etag != etag || whole != payload.bytes) {
        return fail(
            ErrorCode::kUnavailable,
            fmt::format("{} has other bytes of {} than its catalogue said", name_, payload.name));
      }
      if (head.status == 200) skip = first;  // a proxy between that knows no ranges
    }
    const std::uint64_t skipped = std::min<std::uint64_t>(skip, piece.size());
    skip -= skipped;
    return sink(piece.substr(skipped));
  };
  TROUPE_ASSIGN(const HttpHead head, client_.get(get, take));
  return check(head.status, "payload " + payload.name);
}

}  // namespace troupe
