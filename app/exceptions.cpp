// exceptions.cpp - the choice of the exception class for an error code, and throw_for().
#include <string>

#include <wirespan/app/exceptions.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/tls/error.hpp>

namespace wirespan {
namespace {

/// True for the errors that mean: there is no connection, or it was lost.
bool is_closed(std::error_code error) noexcept {
  return error == Errc::not_open || error == Errc::connection_lost ||
         error == Errc::connection_closed || error == std::errc::connection_reset ||
         error == std::errc::broken_pipe || error == std::errc::not_connected ||
         error == std::errc::connection_aborted || error == tls::TlsErrc::truncated;
}

/// True if the resolver has no such name, or had no answer.
bool is_unresolved(std::error_code error) noexcept {
  return error == Errc::host_not_found || error == std::errc::resource_unavailable_try_again;
}

bool is_of_a_proxy(std::error_code error) noexcept {
  return error == Errc::invalid_proxy || error == Errc::proxy_refused ||
         error == Errc::proxy_auth_required || error == Errc::proxy_protocol_error;
}

}  // namespace

void throw_for(std::error_code error, const std::string& what) {
  if (error == std::errc::timed_out) throw WebSocketTimeoutException(error, what);
  if (is_closed(error)) throw WebSocketConnectionClosedException(error, what);
  if (is_unresolved(error)) throw WebSocketAddressException(error, what);
  if (error == Errc::invalid_utf8) throw WebSocketPayloadException(error, what);
  if (error == Condition::protocol_violation) throw WebSocketProtocolException(error, what);
  if (tls::is_tls_error(error) || error == Errc::tls_unavailable) {
    throw WebSocketTlsException(error, what);
  }
  if (is_of_a_proxy(error)) throw WebSocketProxyException(error, what);
  throw WebSocketException(error, what);
}

std::string describe_close(const char* call, CloseCode code, std::string_view reason) {
  return std::string(call) + " with code " + std::to_string(static_cast<int>(code)) +
         " and a reason of " + std::to_string(reason.size()) + " bytes";
}

}  // namespace wirespan
