#include "versions/transfer/serve.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "versions/published/head.h"

namespace troupe {
namespace {

HttpBody failed(const Error& error) {
  HttpBody out;
  out.status = error.code == ErrorCode::kNotFound ? 404 : 500;
  out.type = "text/plain";
  out.text = error.message + "\n";
  return out;
}

HttpBody not_there() { return failed({ErrorCode::kNotFound, "there is nothing here"}); }

/// "/a/b" as {"a", "b"}; what follows '?' is left out.
std::vector<std::string> parts_of(std::string_view path) {
  std::vector<std::string> out;
  path = path.substr(0, path.find('?'));
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::size_t end = std::min(path.find('/'), path.size());
    out.emplace_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return out;
}

HttpBody payload(PayloadSource& source, const Catalogue& catalogue, const std::string& name) {
  for (const PayloadEntry& entry : catalogue.payloads) {
    if (entry.name != name) continue;
    auto file = source.open(catalogue.policy, name);
    if (!file) return failed(file.error());
    HttpBody out;
    out.type = "application/octet-stream";
    out.etag = "\"" + entry.digest + "\"";
    out.file = std::move(*file);
    return out;
  }
  return not_there();
}

HttpBody answer(PayloadSource& source, const HttpAsked& asked) {
  const auto parts = parts_of(asked.path);
  if (parts.size() < 2 || parts[0] != "v1" || parts[1] != "policies") return not_there();
  HttpBody out;
  if (parts.size() == 2) {
    out.text = nlohmann::json{{"policies", source.policies()}}.dump() + "\n";
    return out;
  }
  const auto catalogue = source.catalogue(parts[2]);
  if (!catalogue) return failed(catalogue.error());
  if (parts.size() == 5 && parts[3] == "payloads") return payload(source, *catalogue, parts[4]);
  if (parts.size() != 3) return not_there();
  out.text = head_text(*catalogue);
  return out;
}

}  // namespace

Result<std::unique_ptr<HttpServer>> serve_payloads(PayloadSource& source,
                                                   HttpServerOptions options) {
  return HttpServer::listen(std::move(options),
                            [&source](const HttpAsked& asked) { return answer(source, asked); });
}

}  // namespace troupe
