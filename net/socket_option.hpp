// socket_option.hpp - one setsockopt() call as a value.
#pragma once

#include <concepts>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <wirespan/core/bytes.hpp>

namespace wirespan::net {

/// The value of a socket option: an int, as most options have, or the bytes of a text or a struct.
class OptionValue {
 public:
  /// A number, or bytes; those of a text without its NUL.
  OptionValue(int number = 0) noexcept : number_(number) {}              // NOLINT: implicit
  OptionValue(std::string bytes) noexcept : bytes_(std::move(bytes)) {}  // NOLINT
  OptionValue(const char* text) : bytes_(text) {}                        // NOLINT
  OptionValue(Bytes bytes) : bytes_(wire_text(bytes)) {}                 // NOLINT
  /// Copies the bytes of a struct of the system: timeval, linger.
  template <class Struct>
  requires std::is_trivially_copyable_v<Struct> && std::is_class_v<Struct> &&
      (!std::convertible_to<Struct, Bytes>)&&(!std::convertible_to<Struct, std::string_view>)
          OptionValue(const Struct& value)  // NOLINT
      : OptionValue(Bytes(std::as_bytes(std::span(&value, 1)))) {}

  /// The bytes that setsockopt() gets; valid as long as this object and while it is not changed.
  [[nodiscard]] Bytes bytes() const noexcept {
    return is_number() ? std::as_bytes(std::span(&number_, 1)) : wire_bytes(*bytes_);
  }
  /// True for a number.
  [[nodiscard]] bool is_number() const noexcept { return !bytes_; }
  /// The number; 0 if the value was given as bytes.
  operator int() const noexcept { return number_; }  // NOLINT

  /// A number is equal to no bytes, not even to its own.
  bool operator==(const OptionValue& other) const noexcept {
    return number_ == other.number_ && bytes_ == other.bytes_;
  }
  bool operator==(int number) const noexcept { return is_number() && number_ == number; }

 private:
  int number_ = 0;  // 0 with bytes_
  std::optional<std::string> bytes_;
};

/// A socket option as setsockopt() takes it:
///   {SOL_SOCKET, SO_SNDBUF, 1 << 20}
///   {SOL_SOCKET, SO_LINGER, linger{.l_onoff = 1, .l_linger = 0}}
///   {IPPROTO_TCP, TCP_CONGESTION, "bbr"}
struct SocketOption {
  int level = 0;        ///< SOL_SOCKET, IPPROTO_TCP and so on.
  int name = 0;         ///< SO_RCVBUF, TCP_NODELAY and so on.
  OptionValue value{};  ///< The new value.
  bool operator==(const SocketOption&) const = default;
};

/// Returns the option as error texts show it: level, name (with the spelling of the manual page if
/// it is a well-known one), and value. Of a value in bytes only the size is shown.
[[nodiscard]] std::string to_string(const SocketOption& option);

/// The options of the library's client sockets: no delay for small writes (TCP_NODELAY); TCP
/// keep-alive after 30 s of silence, then every 10 s, 3 times, as websocket-client sets them; and
/// 40 s for bytes that the peer does not acknowledge (TCP_USER_TIMEOUT). Together they end a
/// connection over a dead network within 60 s, whether it is idle or sends, with
/// std::errc::timed_out.
///
/// Two effects of TCP_USER_TIMEOUT: it stands above TCP_KEEPCNT, so an idle connection is given up
/// by the first probe after 40 s without an answer; and a peer that acknowledges but does not read
/// for 40 s, while bytes wait for it, is given up, too. {IPPROTO_TCP, TCP_USER_TIMEOUT, 0} in
/// `sockopt` turns it off.
[[nodiscard]] std::span<const SocketOption> default_socket_options() noexcept;

/// The same without TCP_USER_TIMEOUT: options of the sockets that a server accepts. A server has
/// pings, idle timeout and limits of unsent bytes for peers that are gone, and its clients may read
/// as slowly as those allow.
[[nodiscard]] std::span<const SocketOption> accepted_socket_options() noexcept;

}  // namespace wirespan::net
