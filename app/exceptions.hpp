// exceptions.hpp - the exceptions of websocket-client, each with an error code.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include <wirespan/core/close_code.hpp>
#include <wirespan/core/headers.hpp>

namespace wirespan {

/// The base of all. code() says exactly what happened: an Errc, or an error of the system, of TLS
/// or of a certificate. what() names the option, file, header, address or host before that. Thrown
/// as such for misuse and for what no derived class names.
class WebSocketException : public std::system_error {
 public:
  using std::system_error::system_error;
};

/// The peer broke a rule of RFC 6455 on an open connection.
class WebSocketProtocolException : public WebSocketException {
 public:
  using WebSocketException::WebSocketException;
};

/// A text message that is not UTF-8.
class WebSocketPayloadException : public WebSocketException {
 public:
  using WebSocketException::WebSocketException;
};

/// The connection is closed, was lost, or never was. After a closing handshake it says how it went.
class WebSocketConnectionClosedException : public WebSocketException {
 public:
  using WebSocketException::WebSocketException;
  WebSocketConnectionClosedException(std::error_code error, const char* what, CloseCode code,
                                     std::string reason)
      : WebSocketException(error, what), close_code_(code), close_reason_(std::move(reason)) {}

  /// What the peer's Close frame said; nothing if there was none. 1005: a frame without a code.
  [[nodiscard]] std::optional<CloseCode> close_code() const noexcept { return close_code_; }
  [[nodiscard]] const std::string& close_reason() const noexcept { return close_reason_; }

 private:
  std::optional<CloseCode> close_code_;
  std::string close_reason_;
};

/// A deadline was reached: connecting, sending, receiving, or a pong that did not come.
class WebSocketTimeoutException : public WebSocketException {
 public:
  using WebSocketException::WebSocketException;
};

/// A proxy could not be used.
class WebSocketProxyException : public WebSocketException {
 public:
  using WebSocketException::WebSocketException;
};

/// The host name does not resolve.
class WebSocketAddressException : public WebSocketException {
 public:
  using WebSocketException::WebSocketException;
};

/// TLS failed: no common protocol, a refused certificate, a file that holds nothing usable. In
/// Python this is an exception of the ssl module. A file that cannot be opened is a
/// WebSocketException with the system's code.
class WebSocketTlsException : public WebSocketException {
 public:
  using WebSocketException::WebSocketException;
};

/// The server answered the opening handshake with a status other than 101.
class WebSocketBadStatusException : public WebSocketException {
 public:
  WebSocketBadStatusException(std::error_code error, const std::string& what, int status_code,
                              Headers resp_headers, std::string resp_body)
      : WebSocketException(error, what),
        status_code_(status_code),
        resp_headers_(std::move(resp_headers)),
        resp_body_(std::move(resp_body)) {}

  [[nodiscard]] int status_code() const noexcept { return status_code_; }
  [[nodiscard]] const Headers& resp_headers() const noexcept { return resp_headers_; }
  /// At most limits::rejection_body_size bytes, as they came.
  [[nodiscard]] const std::string& resp_body() const noexcept { return resp_body_; }

 private:
  int status_code_;
  Headers resp_headers_;
  std::string resp_body_;
};

/// The one place where an error code becomes an exception. `what` names the call, option, file or
/// host that the error is about; what() is "what: error.message()".
[[noreturn]] void throw_for(std::error_code error, const std::string& what);

/// For an error of check_close(): the call, the code and the size of the reason.
[[nodiscard]] std::string describe_close(const char* call, CloseCode code, std::string_view reason);

}  // namespace wirespan
