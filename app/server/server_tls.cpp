// server_tls.cpp - makes the TLS context of a server, and makes it anew.
#include <wirespan/app/server/server_tls.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/tls/file_state.hpp>

namespace wirespan {

ServerTls::ServerTls(const std::optional<tls::ServerOptions>& options)
    : is_on_(options.has_value()), options_(options) {
  if (!is_on_) return;
  states_read_ = tls::file_states(*options_);
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
  const tls::ServerOptions wanted = options != nullptr ? *options : latest_options();
  std::string states = tls::file_states(wanted);
  auto context = tls::Context::for_server(wanted, &detail);
  const std::lock_guard lock(mutex_);
  if (context || options == nullptr) states_read_ = std::move(states);
  if (!context) return context.error();
  context_ = std::move(*context);
  options_ = wanted;
  return {};
}

tls::ServerOptions ServerTls::latest_options() const {
  const std::lock_guard lock(mutex_);
  return *options_;
}

std::string ServerTls::file_states() const { return tls::file_states(latest_options()); }

std::string ServerTls::states_read() const {
  const std::lock_guard lock(mutex_);
  return states_read_;
}

}  // namespace wirespan
