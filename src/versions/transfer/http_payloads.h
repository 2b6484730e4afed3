#pragma once

#include <string>

#include "base/http_client.h"
#include "versions/transfer/remote_payloads.h"

namespace troupe {

/// The payloads that a server offers (serve.h), over one connection that is kept.
class HttpPayloads final : public RemotePayloads {
 public:
  struct Limits {
    double request_seconds = 60;  ///< for one request
    double idle_seconds = 20;     ///< without a byte
  };
  /// `server`: http://HOST:PORT, or https:// if a proxy before it speaks TLS; a path before /v1 is
  /// kept.
  HttpPayloads(const HttpUrl& server, std::string token, Limits limits);

  [[nodiscard]] std::string name() const override { return name_; }
  Result<Catalogue> catalogue(const std::string& policy) override;
  Status fetch(const std::string& policy, const PayloadEntry& payload, std::uint64_t first,
               std::uint64_t most, const PayloadSink& sink) override;

 private:
  [[nodiscard]] Status check(int status, const std::string& what) const;
  [[nodiscard]] HttpGet request(const std::string& path) const;

  HttpClient client_;
  std::string name_;
  std::string prefix_;
  Limits limits_;
};

}  // namespace troupe
