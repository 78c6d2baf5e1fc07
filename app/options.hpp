// options.hpp - what a connection is made with: Python's keyword arguments as aggregates.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <wirespan/app/header_source.hpp>
#include <wirespan/core/deflate_parameters.hpp>
#include <wirespan/core/limits.hpp>
#include <wirespan/core/mask.hpp>
#include <wirespan/net/network.hpp>
#include <wirespan/tls/options.hpp>

namespace wirespan {

using SocketOption = net::SocketOption;

/// For create_connection() and WebSocket. Times in milliseconds; unset means what is written there.
struct ConnectOptions {
  HeaderSource header{};  ///< After our own fields. Host and Origin given here replace ours.
  std::string cookie{};   ///< Value of a Cookie header.
  /// Value of Origin. Unset: the URL's own, http for ws and https for wss. suppress_origin wins.
  std::optional<std::string> origin{};
  bool suppress_origin = false;
  std::string host{};  ///< Value of Host instead of the URL's.
  /// Value of Connection, which must list Upgrade: "keep-alive, Upgrade".
  std::optional<std::string> connection{};
  std::vector<std::string> subprotocols{};  ///< In order of preference.
  bool require_subprotocol = false;         ///< Fail if the server chooses none.

  /// For every later call on the connection, from its beginning to its end; 0 does not wait. Unset:
  /// getdefaulttimeout(), which is "for ever" unless it was changed.
  std::optional<std::chrono::milliseconds> timeout{};
  /// From the look-up of the name to the open connection. Unset: `timeout` if it is above 0, else
  /// 10 s.
  std::optional<std::chrono::milliseconds> connect_timeout{};

  std::vector<SocketOption> sockopt{};  ///< After the defaults: no delay, TCP keep-alive.
  tls::ClientOptions sslopt{};
  bool fire_cont_frame = false;       ///< Hand out each frame of a fragmented message by itself.
  bool skip_utf8_validation = false;  ///< Of received text. RFC 6455 §8.1 asks for it.
  std::size_t max_message_size = limits::message_size;  ///< Bytes; a larger one fails with 1009.
  std::uint32_t max_message_fragments =
      limits::message_fragments;  ///< Frames; more fail with 1008.
  /// Set: permessage-deflate (RFC 7692) is offered, and used if the server agrees.
  std::optional<DeflateOptions> compression{};
  /// Where mask keys come from instead of the system's random source. They must not be guessable.
  std::function<MaskKey()> get_mask_key{};
  /// A connected stream socket to use instead of making one; it is owned from then on. TLS is
  /// applied for wss: unless already_secured.
  int socket = -1;
  bool already_secured = false;
  /// How long it looks again and again for input before it sleeps: the microseconds of waking up
  /// are saved, and a core is kept busy. 0: it sleeps at once.
  std::chrono::microseconds busy_poll{0};
  /// The kernel notes when each packet came, for received_at(); reads then ask it for the time too.
  bool receive_timestamps = false;
  /// Attempts to one address wait for each other (RFC 6455 §4.1), on one loop.
  bool one_connecting_per_address = true;
};

/// For every connection that sets no timeout of its own; unset: for ever, as at the start. Process
/// wide, any thread.
void setdefaulttimeout(std::optional<std::chrono::milliseconds> timeout) noexcept;
[[nodiscard]] std::optional<std::chrono::milliseconds> getdefaulttimeout() noexcept;

}  // namespace wirespan
