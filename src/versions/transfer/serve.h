#pragma once

#include <memory>

#include "base/http_server.h"
#include "versions/published/catalogue.h"

namespace troupe {

/// Offers payloads over HTTP (docs/transfer.md):
///   GET /v1/policies                      their names, as JSON
///   GET /v1/policies/POLICY               its catalogue, as a head file says it
///   GET /v1/policies/POLICY/payloads/NAME the payload; its ETag is its digest; ranges of bytes
/// `source` must outlive the server and is asked on several threads.
Result<std::unique_ptr<HttpServer>> serve_payloads(PayloadSource& source,
                                                   HttpServerOptions options);

}  // namespace troupe
