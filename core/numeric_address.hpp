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

}  // namespace wirespan
