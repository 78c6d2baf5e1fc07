// exceptions.hpp - the exceptions of websocket-client, each with an error code.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include <wirespan/core/close_code.hpp>
#include <wirespan/core/headers.hpp>

namespace wirespan {

/// The base of all exceptions of this library. code() names the exact error: an Errc, or an error
/// of the system, of TLS or of a certificate. In the text of what(), the option, file, header,
/// address or host comes first, then that error. Thrown as such for misuse, and for every error
/// that no derived class stands for.
class WebSocketException : public std::system_error {
 public:
  using std::system_error::system_error;
};

/// The peer broke a rule of RFC 6455 on an open connection.
class WebSocketProtocolException : public WebSocketException {
 public:
  using WebSocketException::WebSocketException;
};

/// A received text message is not UTF-8.
class WebSocketPayloadException : public WebSocketException {
 public:
  using WebSocketException::WebSocketException;
};

/// The connection is closed, was lost, or was never open. After a closing handshake close_code()
/// and close_reason() give the peer's Close frame.
class WebSocketConnectionClosedException : public WebSocketException {
 public:
  using WebSocketException::WebSocketException;
  /// `code` and `reason` are those of the peer's Close frame.
  WebSocketConnectionClosedException(std::error_code error, const char* what, CloseCode code,
                                     std::string reason)
      : WebSocketException(error, what), close_code_(code), close_reason_(std::move(reason)) {}

  /// The code of the peer's Close frame: 1005 for a frame without a code, std::nullopt if no Close
  /// frame came.
  [[nodiscard]] std::optional<CloseCode> close_code() const noexcept { return close_code_; }
  /// The reason in that frame; empty if there was none.
  [[nodiscard]] const std::string& close_reason() const noexcept { return close_reason_; }

 private:
  std::optional<CloseCode> close_code_;
  std::string close_reason_;
};

/// A deadline was reached while connecting, sending or receiving, or no pong came in time.
class WebSocketTimeoutException : public WebSocketException {
 public:
  using WebSocketException::WebSocketException;
};

/// A proxy could not be used: its options are not valid, it was not reached, or it refused. code()
/// tells which; a time-out is a WebSocketTimeoutException. `ProxyError` is its other Python name.
class WebSocketProxyException : public WebSocketException {
 public:
  using WebSocketException::WebSocketException;
  /// `status_code` and `resp_headers` are those of an HTTP proxy's response.
  WebSocketProxyException(std::error_code error, const std::string& what, int status_code,
                          Headers resp_headers)
      : WebSocketException(error, what),
        status_code_(status_code),
        resp_headers_(std::move(resp_headers)) {}

  /// The status of an HTTP proxy's response, 407 for example; 0 without a response.
  [[nodiscard]] int status_code() const noexcept { return status_code_; }
  /// The header fields of that response; Proxy-Authenticate has the challenges of a 407.
  [[nodiscard]] const Headers& resp_headers() const noexcept { return resp_headers_; }

 private:
  int status_code_ = 0;
  Headers resp_headers_;
};
/// The same by its short name.
using ProxyError = WebSocketProxyException;

/// The host name does not resolve, or the resolver had no answer.
class WebSocketAddressException : public WebSocketException {
 public:
  using WebSocketException::WebSocketException;
};

/// TLS failed: no common protocol version, a refused certificate, a file without a usable
/// certificate or key, or a build without TLS. Python throws an exception of its ssl module here.
/// A file that cannot be opened is a WebSocketException with the system's code.
class WebSocketTlsException : public WebSocketException {
 public:
  using WebSocketException::WebSocketException;
};

/// The server answered the opening handshake with a status other than 101.
class WebSocketBadStatusException : public WebSocketException {
 public:
  /// Takes over the parts of the response.
  WebSocketBadStatusException(std::error_code error, const std::string& what, int status_code,
                              Headers resp_headers, std::string resp_body)
      : WebSocketException(error, what),
        status_code_(status_code),
        resp_headers_(std::move(resp_headers)),
        resp_body_(std::move(resp_body)) {}

  /// The status of the response, 404 for example, and its header fields.
  [[nodiscard]] int status_code() const noexcept { return status_code_; }
  [[nodiscard]] const Headers& resp_headers() const noexcept { return resp_headers_; }
  /// The first limits::rejection_body_size bytes (64 KiB) of the body, without a chunked coding.
  [[nodiscard]] const std::string& resp_body() const noexcept { return resp_body_; }

 private:
  int status_code_;
  Headers resp_headers_;
  std::string resp_body_;
};

/// Throws the exception that belongs to `error`: the one place where an error code becomes an
/// exception. `what` names the call, option, file or host that the error is about; what() is
/// "what: error.message()".
[[noreturn]] void throw_for(std::error_code error, const std::string& what);

/// Returns the text for an error of check_close(): the call, the code and the size of the reason.
[[nodiscard]] std::string describe_close(const char* call, CloseCode code, std::string_view reason);

}  // namespace wirespan
