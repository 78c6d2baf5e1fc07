// thrown.cpp - turns an exception into its class name and error code.
#include "support/thrown.hpp"

namespace wirespan::test {
namespace {

template <class Exception>
bool is_a(const std::exception& error) {
  return dynamic_cast<const Exception*>(&error) != nullptr;
}

}  // namespace

void PrintTo(const Thrown& thrown, std::ostream* out) {
  *out << thrown.type;
  if (thrown.code) *out << " (" << thrown.code << ": " << thrown.code.message() << ")";
}

std::string type_name(const std::exception& error) {
  if (is_a<WebSocketProtocolException>(error)) return "WebSocketProtocolException";
  if (is_a<WebSocketPayloadException>(error)) return "WebSocketPayloadException";
  if (is_a<WebSocketConnectionClosedException>(error)) return "WebSocketConnectionClosedException";
  if (is_a<WebSocketTimeoutException>(error)) return "WebSocketTimeoutException";
  if (is_a<WebSocketProxyException>(error)) return "WebSocketProxyException";
  if (is_a<WebSocketAddressException>(error)) return "WebSocketAddressException";
  if (is_a<WebSocketTlsException>(error)) return "WebSocketTlsException";
  if (is_a<WebSocketBadStatusException>(error)) return "WebSocketBadStatusException";
  if (is_a<WebSocketException>(error)) return "WebSocketException";
  if (is_a<std::system_error>(error)) return "std::system_error";
  return "std::exception";
}

Thrown thrown_by(const std::function<void()>& call) {
  try {
    call();
  } catch (const std::system_error& error) {
    return {.type = type_name(error), .code = error.code()};
  } catch (const std::exception& error) {
    return {.type = type_name(error)};
  } catch (...) {
    return {.type = "something else"};
  }
  return nothing_thrown();
}

Thrown nothing_thrown() { return {.type = "nothing"}; }

Thrown closed_exception(Errc code) {
  return {.type = "WebSocketConnectionClosedException", .code = code};
}

Thrown timeout_exception(Errc code) { return {.type = "WebSocketTimeoutException", .code = code}; }

Thrown protocol_exception(Errc code) {
  return {.type = "WebSocketProtocolException", .code = code};
}

Thrown plain_exception(std::error_code code) {
  return {.type = "WebSocketException", .code = code};
}

}  // namespace wirespan::test
