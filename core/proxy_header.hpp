// proxy_header.hpp - the header by which a proxy tells a server whom it speaks for: the PROXY
// protocol, versions 1 and 2.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <wirespan/core/bytes.hpp>
#include <wirespan/core/event.hpp>
#include <wirespan/core/ip_address.hpp>

namespace wirespan {

/// Result of ProxyHeaderDecoder: the header is complete and valid.
struct ProxyHeader {
  /// The client's address. Unset if the proxy tells none: it has opened the connection for itself,
  /// as health checks do (LOCAL), or the client's is no IP address (UNKNOWN, a Unix socket).
  std::optional<IpEndpoint> client{};
  std::size_t consumed = 0;  ///< Bytes of the last input that belong to the header.
};

/// Result of ProxyHeaderDecoder::feed().
using ProxyHeaderStep = std::variant<NeedInput, ProxyHeader, Failed>;

/// Decodes the header that comes before all other bytes of a connection, in pieces of any size.
/// Version 1 is a line of text, version 2 is binary; the first byte tells which. All that version 2
/// tells beside the addresses is skipped, its checksum included. A header that cannot become valid
/// any more, or is longer than limits::proxy_header_size, is Failed with Errc::bad_proxy_header.
/// Call feed() until it returns a result other than NeedInput, and not again. No allocation but for
/// a failure's detail; not thread-safe.
class ProxyHeaderDecoder {
 public:
  /// Takes the next bytes from the proxy, which are borrowed during the call.
  [[nodiscard]] ProxyHeaderStep feed(Bytes input);
  /// Bytes, at least one, that surely belong to the header still. A caller that reads no more at a
  /// time leaves the bytes behind the header unread, for TLS to read them.
  [[nodiscard]] std::size_t surely_left() const noexcept;
  /// The defect after Failed, for a line of a log; else empty. Borrowed: valid as long as the
  /// decoder.
  [[nodiscard]] std::string_view detail() const noexcept { return detail_; }

 private:
  /// The longest line of version 1, CR and LF included; the addresses of version 2 fit, too.
  static constexpr std::size_t longest_line = 107;

  [[nodiscard]] ProxyHeaderStep take(std::byte byte);
  [[nodiscard]] ProxyHeaderStep take_line(char last);
  [[nodiscard]] ProxyHeaderStep take_binary();
  [[nodiscard]] ProxyHeaderStep finish_line();
  [[nodiscard]] ProxyHeaderStep finish_binary();
  [[nodiscard]] std::string_view binary_defect() const noexcept;
  [[nodiscard]] bool is_binary() const noexcept;
  [[nodiscard]] bool is_local() const noexcept;
  [[nodiscard]] std::size_t binary_size() const noexcept;
  [[nodiscard]] unsigned at(std::size_t index) const noexcept;
  [[nodiscard]] std::string_view text() const noexcept;
  [[nodiscard]] ProxyHeaderStep fail(std::string_view detail);

  std::array<std::byte, longest_line> head_{};  // the first bytes of the header
  std::size_t size_ = 0;                        // bytes of the header that have come
  std::string detail_;
};

}  // namespace wirespan
