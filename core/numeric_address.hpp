// numeric_address.hpp - IPv4 and IPv6 addresses in text, without a resolver. RFC 4291 §2.2.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include <wirespan/core/cxx20.hpp>

namespace wirespan {

/// Returns the address that `host` spells, 4 or 16 bytes in network byte order, or nothing if it is
/// a name. As inet_pton() has it: four decimal numbers without leading zeros, or the forms of
/// RFC 4291 §2.2 without brackets and without a zone.
[[nodiscard]] std::optional<std::vector<std::byte>> numeric_address(std::string_view host);

/// An address in text, apart from its port; both borrowed, neither of them checked.
struct SplitAddress {
  std::string_view address{};              ///< Without brackets.
  std::optional<std::string_view> port{};  ///< The text behind the colon; unset: there is no colon.
  bool has_brackets = false;               ///< As an IPv6 address with a port has them.
};
/// Splits "192.0.2.1", "192.0.2.1:4000", "::1", "[::1]" and "[::1]:4000". Nothing for brackets that
/// do not close, or that something else than a port follows.
[[nodiscard]] std::optional<SplitAddress> split_address(std::string_view text) noexcept;

/// Returns the number that `text` spells in decimal digits, and in nothing else; std::nullopt for
/// other texts and above `most`. Leading zeros pass.
[[nodiscard]] std::optional<unsigned> number_up_to(unsigned most, std::string_view text) noexcept;

}  // namespace wirespan
