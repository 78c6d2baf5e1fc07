// server_tls.cpp - makes the TLS context of a server, and makes it anew.
#include <wirespan/app/server/server_tls.hpp>
#include <wirespan/core/error.hpp>

namespace wirespan {

ServerTls::ServerTls(const std::optional<tls::ServerOptions>& options)
    : is_on_(options.has_value()), options_(options) {
  if (!is_on_) return;
  auto context = tls::Context::for_server(*options_, &detail_);
  if (context) context_ = std::move(*context);
  error_ = context.error();
}

tls::Context ServerTls::current() const {
  const std::lock_guard lock(mutex_);
  return *context_;
}

/// Files are read without holding the lock, which every new connection takes.
std::error_code ServerTls::reload(const tls::ServerOptions* options, std::string& detail) {
  detail = "ServerOptions::tls is not set";
  if (!is_on()) return Errc::invalid_option;
  std::unique_lock lock(mutex_);
  const tls::ServerOptions wanted = options != nullptr ? *options : *options_;
  lock.unlock();
  auto context = tls::Context::for_server(wanted, &detail);
  if (!context) return context.error();
  lock.lock();
  context_ = std::move(*context);
  options_ = wanted;
  return {};
}

}  // namespace wirespan
