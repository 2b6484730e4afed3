#include "base/http_link.h"

namespace troupe {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;
using Tcp = asio::ip::tcp;

void HttpLink::close() {
  error_code ignored;
  if (tls_) {
    beast::get_lowest_layer(*tls_).socket().close(ignored);
  } else if (plain_) {
    plain_->socket().close(ignored);
  }
  open_ = false;
}

Status HttpLink::open(const HttpUrl& url, HttpWait& wait) {
  close();
  tls_.reset();
  bool done = false;
  error_code error;
  Tcp::resolver resolver(context_);
  Tcp::resolver::results_type found;
  resolver.async_resolve(url.host, url.port,
                         [&](error_code e, Tcp::resolver::results_type results) {
                           done = true;
                           error = e;
                           found = std::move(results);
                         });
  TROUPE_TRY(wait.wait("find the host", done, error, [&] { resolver.cancel(); }));
  plain_.emplace(context_);
  done = false;
  plain_->async_connect(found, [&](error_code e, const Tcp::endpoint&) {
    done = true;
    error = e;
  });
  TROUPE_TRY(wait.wait("connect", done, error, [this] { close(); }));
  plain_->socket().set_option(Tcp::no_delay(true), error);
  if (url.tls) TROUPE_TRY(agree_on_tls(url, wait));
  open_ = true;
  return {};
}

Status HttpLink::agree_on_tls(const HttpUrl& url, HttpWait& wait) {
  error_code error;
  if (!settings_) {
    settings_.emplace(asio::ssl::context::tls_client);
    settings_->set_default_verify_paths(error);
    if (error) {
      settings_.reset();
      return fail(ErrorCode::kIo, "cannot read the system's certificates: " + error.message());
    }
  }
  tls_.emplace(std::move(*plain_), *settings_);
  plain_.reset();
  tls_->set_verify_mode(asio::ssl::verify_peer);
  tls_->set_verify_callback(asio::ssl::host_name_verification(url.host));
  if (SSL_set_tlsext_host_name(tls_->native_handle(), url.host.c_str()) != 1) {
    return fail(ErrorCode::kInvalid, "'" + url.host + "' is no host name that TLS can ask for");
  }
  bool done = false;
  tls_->async_handshake(asio::ssl::stream_base::client, [&](error_code e) {
    done = true;
    error = e;
  });
  return wait.wait("agree on TLS", done, error, [this] { close(); });
}

std::string host_header(const HttpUrl& url) {
  const bool usual = url.port == (url.tls ? "443" : "80");
  const bool is_address = url.host.find(':') != std::string::npos;
  const std::string host = is_address ? "[" + url.host + "]" : url.host;
  return usual ? host : host + ":" + url.port;
}

}  // namespace troupe
