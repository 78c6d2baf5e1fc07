// options.hpp - the options of a connection: Python's keyword arguments as aggregates.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <wirespan/app/header_source.hpp>
#include <wirespan/core/deflate_parameters.hpp>
#include <wirespan/core/http_auth.hpp>
#include <wirespan/core/limits.hpp>
#include <wirespan/core/mask.hpp>
#include <wirespan/net/network.hpp>
#include <wirespan/tls/options.hpp>

namespace wirespan {

class CookieJar;

/// Level, name and value of one setsockopt() call; the value is an int, a text or a struct.
using SocketOption = net::SocketOption;

/// The options of create_connection() and WebSocket. Times are in milliseconds; the comment of an
/// option says what holds while it is unset.
struct ConnectOptions {
  /// Fields sent after the library's own. Host and Origin given here replace those; Upgrade,
  /// Connection and the like are refused (Errc::reserved_header).
  HeaderSource header{};
  std::string cookie{};  ///< Value of a Cookie header, behind the cookies of the jar; empty: none.
  /// Cookies that handshakes fill and read; may be shared. Null: none.
  std::shared_ptr<CookieJar> cookie_jar{};
  /// Value of Origin. Unset: the URL's own, http for ws and https for wss. suppress_origin wins.
  std::optional<std::string> origin{};
  bool suppress_origin = false;  ///< Send no Origin, not even one from `header`.
  std::string host{};            ///< Value of Host. Empty: the URL's host and port.
  /// Value of Connection, which must list Upgrade: "keep-alive, Upgrade". Unset: "Upgrade".
  std::optional<std::string> connection{};
  std::vector<std::string> subprotocols{};  ///< Offered in this order of preference.
  bool require_subprotocol = false;         ///< Fail if the server chooses none.

  /// Deadline of every later call on the connection, from its beginning to its end; 0 and below: a
  /// call does not wait. Unset: getdefaulttimeout(), by default no deadline.
  std::optional<std::chrono::milliseconds> timeout{};
  /// Deadline from the look-up of the name to the open connection. 0 and below: connect() fails at
  /// once. Unset: `timeout` if it is above 0, else 10 s.
  std::optional<std::chrono::milliseconds> connect_timeout{};

  /// Redirects (301, 302, 303, 307, 308) that are followed; more are Errc::too_many_redirects. 0:
  /// none, and a redirect is a WebSocketBadStatusException. To another origin nothing goes along
  /// that may be a secret: app/guide/reaching_the_server.md lists it.
  int redirect_limit = 3;
  bool allow_insecure_redirect = false;  ///< Follow redirects from wss: to ws:, too.

  /// The proxy as a URL: "http://user:password@host:3128", or with https:, socks4:, socks4a:,
  /// socks5:, socks5h:. Empty: the four options below, else the environment.
  std::string proxy{};
  /// The proxy in Python's words. An empty host means none; port 0 the default of the type (80,
  /// 443, 1080); the type is http, https, socks4, socks4a, socks5 or socks5h.
  std::string http_proxy_host{};
  std::uint16_t http_proxy_port = 0;
  std::optional<Credentials> http_proxy_auth{};
  std::string proxy_type = "http";
  /// Servers that are reached without a proxy: "example.com", ".example.com", "10.0.0.0/8",
  /// "host:port", "*". Empty: the environment's no_proxy.
  std::vector<std::string> http_no_proxy{};
  /// Deadline for the proxy to be reached and to open the tunnel. 0 and below: that fails at once.
  /// Unset: connect_timeout alone.
  std::optional<std::chrono::milliseconds> http_proxy_timeout{};
  tls::ClientOptions proxy_sslopt{};  ///< TLS to a proxy of type https.
  /// Read http_proxy, https_proxy, all_proxy and no_proxy, in lower, then in upper case.
  bool proxy_from_environment = true;

  /// Set after net::default_socket_options(): no delay, TCP keep-alive, TCP_USER_TIMEOUT.
  std::vector<SocketOption> sockopt{};
  /// Numeric address to connect from, with or without a port: "192.0.2.1", "[2001:db8::1]:4000".
  /// Only addresses of its family are tried. Empty: the system chooses.
  std::string local_address{};
  /// Name of the network interface to connect through, at most 15 bytes: "eth0" (SO_BINDTODEVICE;
  /// some systems ask for CAP_NET_RAW). Empty: the system chooses by its routes.
  std::string interface {};
  /// Called with the descriptor of each TCP socket, after its options are set and before it is
  /// bound and connects; of several addresses each has a socket. On the thread that connects. An
  /// exception ends the attempt and reaches the caller. Must not close the descriptor.
  std::function<void(int fd)> on_socket{};
  tls::ClientOptions sslopt{};   ///< For wss: URLs. Default: verified, TLS 1.2 and up.
  bool fire_cont_frame = false;  ///< Deliver each fragment of a fragmented message by itself.
  /// Accept received text without checking its UTF-8, which RFC 6455 §8.1 asks for.
  bool skip_utf8_validation = false;
  /// Bytes (16 MiB) of one received message; a larger one fails the connection with 1009.
  std::size_t max_message_size = limits::message_size;
  /// Frames (131,072) of one received message; more fail the connection with 1008.
  std::uint32_t max_message_fragments = limits::message_fragments;
  /// Set: permessage-deflate (RFC 7692) is offered, and used if the server agrees. Unset: off.
  std::optional<DeflateOptions> compression{};
  /// Source of the mask keys. Unset: the system's random source. Keys must not be guessable. See
  /// WebSocket::set_mask_key() for what it may call.
  std::function<MaskKey()> get_mask_key{};
  /// Descriptor of a connected stream socket to use instead of making one; the WebSocket owns it
  /// from its construction on. TLS is applied for wss: unless already_secured. -1: none.
  int socket = -1;
  bool already_secured = false;  ///< Do not apply TLS to `socket`, not even for wss:.
  /// The network to connect through, for tests and for networks of your own: it opens, reads,
  /// writes and closes all sockets, looks up names, waits and tells the time. Must outlive the
  /// WebSocket. Null: the operating system's.
  net::Network* network = nullptr;
  /// Busy-poll duration before a call that waits blocks in poll(). Saves the microseconds that
  /// waking a thread takes, and costs a busy core. 0 and below: blocks at once.
  std::chrono::microseconds busy_poll{0};
  /// Let the kernel note the arrival of each packet, for received_at(); every read then fetches
  /// that time, too.
  bool receive_timestamps = false;
  /// At most one attempt per address is in state CONNECTING on one loop; further ones wait (RFC
  /// 6455 §4.1). False: no such wait.
  bool one_connecting_per_address = true;
};

/// Sets the timeout of every connection that sets none of its own, for the whole process; unset
/// waits for ever, which is the default. Any thread.
void setdefaulttimeout(std::optional<std::chrono::milliseconds> timeout) noexcept;
/// Returns that timeout. Any thread.
[[nodiscard]] std::optional<std::chrono::milliseconds> getdefaulttimeout() noexcept;

}  // namespace wirespan
