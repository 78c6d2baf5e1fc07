// hash.hpp - the hash functions of HTTP's Digest, by OpenSSL. RFC 7616 §6.1.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <wirespan/core/http_auth.hpp>

namespace wirespan::tls {

/// Returns the hash of `text` in lower-case hexadecimal digits: a HexHash for answer_challenges().
/// Nothing if OpenSSL does not offer the algorithm (MD5 in FIPS mode), and in a build without TLS.
[[nodiscard]] std::optional<std::string> hex_hash(HashAlgorithm algorithm, std::string_view text);

}  // namespace wirespan::tls
