// proxy_handshake.hpp - a client's conversation with a proxy before the server is reached: HTTP
// CONNECT and SOCKS. RFC 9110 §9.3.6, RFC 1928, RFC 1929.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <variant>
#include <vector>

#include <wirespan/core/bytes.hpp>
#include <wirespan/core/event.hpp>
#include <wirespan/core/headers.hpp>
#include <wirespan/core/http_auth.hpp>
#include <wirespan/core/http_head.hpp>
#include <wirespan/core/proxy.hpp>

namespace wirespan {

/// The server that the proxy connects to.
struct ProxyTarget {
  std::string host{};      ///< A name or an address; an IPv6 address without its brackets.
  std::uint16_t port = 0;  ///< Required: 1 to 65535.
  /// The address if `host` was looked up here, 4 or 16 bytes in network byte order. Empty: the
  /// proxy looks it up, unless `host` is an address itself. HTTP CONNECT always sends `host`.
  std::vector<std::byte> address{};
};

/// Returns no error if `proxy` can be asked for `target`, otherwise Errc::invalid_proxy: a host
/// that is no host or longer than 255 bytes, port 0, a name for socks4 or socks5 that was not
/// looked up, an IPv6 address for SOCKS4. `detail`, if given, gets the reason. Call check_proxy()
/// beside it.
[[nodiscard]] std::error_code check_proxy_target(const Proxy& proxy, const ProxyTarget& target,
                                                 std::string* detail = nullptr);

/// Returns "host:port", IPv6 in brackets: the request target of CONNECT, and the URI of its Digest.
[[nodiscard]] std::string connect_authority(const ProxyTarget& target);

/// Returns no error if these fields may be added to a CONNECT; otherwise Errc::invalid_header, or
/// Errc::reserved_header for Host, Proxy-Authorization and those that would give it a body.
/// `detail`, if given, gets the name of the field.
[[nodiscard]] std::error_code check_connect_headers(const Headers& headers,
                                                    std::string* detail = nullptr);

/// Write these bytes to the proxy, then feed on with its answer.
struct ProxySend {
  std::string bytes;  ///< The next request, or step of it.
};

/// The proxy has connected to the server. The server's bytes begin `consumed` bytes into the last
/// input.
struct TunnelOpen {
  std::size_t consumed = 0;  ///< Bytes of the last input.
};

/// An HTTP proxy answered with a final status other than 2xx. Its body begins `consumed` bytes into
/// the last input.
struct ProxyRefused {
  int status = 0;                           ///< The status code.
  std::string reason{};                     ///< The reason phrase; may be empty.
  Headers headers{};                        ///< All header fields.
  std::vector<AuthChallenge> challenges{};  ///< Those of Proxy-Authenticate, status 407.
  std::size_t consumed = 0;                 ///< Bytes of the last input.

  /// Errc::proxy_auth_required for 407, otherwise Errc::proxy_refused.
  [[nodiscard]] std::error_code error() const noexcept;
};

/// Result of feed(): more input is needed, bytes are to be sent, or the conversation has ended.
using ProxyStep = std::variant<NeedInput, ProxySend, TunnelOpen, ProxyRefused, Failed>;

/// HTTP CONNECT, without I/O. Its owner sends first_bytes() once and feeds the response, which may
/// come in pieces. Informational responses (1xx) are skipped, at most
/// limits::informational_responses; any 2xx opens the tunnel, and its Content-Length and
/// Transfer-Encoding are ignored (RFC 9110 §9.3.6). The first result other than NeedInput ends the
/// conversation; ProxySend never comes. A response that is no HTTP, or has a head above the limits
/// of HeadLimits, is Failed with Errc::proxy_protocol_error. Not thread-safe.
class HttpConnect {
 public:
  /// `authorization` is the value of Proxy-Authorization, which is left out if empty; `extra` are
  /// additional fields. Requires that check_proxy_target() and check_connect_headers() return no
  /// error.
  explicit HttpConnect(const ProxyTarget& target, std::string authorization = {},
                       Headers extra = {});

  /// Returns the request to send first. Nothing else may be sent before the tunnel is open.
  [[nodiscard]] std::string first_bytes() const;
  /// Takes the next bytes of the response, which are borrowed during the call.
  [[nodiscard]] ProxyStep feed(Bytes input);
  /// The defect of the response after Failed, for an error text; else empty. Borrowed: valid until
  /// the next call of feed().
  [[nodiscard]] std::string_view detail() const noexcept { return detail_; }

 private:
  [[nodiscard]] ProxyStep fail(std::string detail);

  std::string authority_;
  std::string authorization_;
  Headers extra_;
  std::string head_;       // the beginning of a head that came in pieces
  int informational_ = 0;  // 1xx responses that were skipped
  std::string detail_;
};

/// SOCKS 4, 4a and 5, without I/O. Its owner sends first_bytes() once, feeds the answers, which may
/// come in pieces, and writes the bytes of each ProxySend. TunnelOpen or Failed ends the
/// conversation; ProxyRefused never comes. Failed has Errc::proxy_refused if the proxy says that it
/// did not connect, proxy_auth_required if it accepts none of the methods offered or refuses the
/// user, and proxy_protocol_error for an answer that is no SOCKS, and for bytes behind an answer
/// before the last one: a proxy answers only when it is asked. Not thread-safe.
class SocksConnect {
 public:
  /// Requires that check_proxy() and check_proxy_target() return no error and that `proxy` is of a
  /// kind that speaks SOCKS. A host that is an address is sent as an address.
  SocksConnect(const Proxy& proxy, ProxyTarget target);

  /// Returns the bytes to send first: the methods offered (5) or the request (4).
  [[nodiscard]] std::string first_bytes() const;
  /// Takes the next bytes of the proxy's answer, which are borrowed during the call.
  [[nodiscard]] ProxyStep feed(Bytes input);
  /// The proxy's answer in words after Failed, as "SOCKS reply 5: connection refused"; else empty.
  /// Borrowed: valid until the next call of feed().
  [[nodiscard]] std::string_view detail() const noexcept { return detail_; }

 private:
  /// The answer that is awaited. RFC 1928 §3, RFC 1929 §2, RFC 1928 §6; SOCKS 4 has only one.
  enum class Awaiting : std::uint8_t { method, password_verdict, reply, reply4 };

  /// The longest answer: a reply of SOCKS 5 with a domain name of 255 bytes. RFC 1928 §6.
  static constexpr std::size_t longest_answer = 4 + 1 + 255 + 2;

  [[nodiscard]] std::size_t answer_size() const noexcept;
  [[nodiscard]] std::error_code check_answer();
  [[nodiscard]] std::error_code check_method();
  [[nodiscard]] std::error_code check_password_verdict();
  [[nodiscard]] std::error_code check_reply();
  [[nodiscard]] std::error_code check_reply4();
  [[nodiscard]] std::error_code fail(std::error_code error, std::string detail);
  [[nodiscard]] unsigned at(std::size_t index) const noexcept;
  [[nodiscard]] ProxyStep next_request();

  Proxy proxy_;
  ProxyTarget target_;
  Awaiting awaiting_;
  std::array<std::byte, longest_answer> answer_{};
  std::size_t size_ = 0;  // bytes of answer_ that have come
  std::string detail_;
};

}  // namespace wirespan
