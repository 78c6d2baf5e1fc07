// accept_key.cpp - makes and checks Sec-WebSocket-Key and Sec-WebSocket-Accept. RFC 6455 §4.
#include <algorithm>
#include <cassert>

#include <wirespan/core/accept_key.hpp>
#include <wirespan/core/base64.hpp>
#include <wirespan/core/sha1.hpp>

namespace wirespan {
namespace {

constexpr std::string_view guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // RFC 6455 §1.3

}  // namespace

HandshakeKey make_key(std::span<const std::byte, 16> random) noexcept {
  HandshakeKey key;
  base64_encode(random, key.data());
  return key;
}

bool is_valid_key(std::string_view key) noexcept { return is_canonical_base64(key, 16); }

AcceptKey accept_for(std::string_view key) noexcept {
  assert(is_valid_key(key));
  std::array<char, std::tuple_size_v<HandshakeKey> + guid.size()> joined{};
  const auto end = std::copy_n(key.begin(), std::min(key.size(), std::tuple_size_v<HandshakeKey>),
                               joined.begin());
  std::copy(guid.begin(), guid.end(), end);
  const Sha1Digest digest = sha1(wire_bytes({joined.data(), joined.size()}));
  AcceptKey accept;
  base64_encode(digest, accept.data());
  return accept;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference |= static_cast<unsigned>(static_cast<unsigned char>(a[i])) ^
                  static_cast<unsigned>(static_cast<unsigned char>(b[i]));
  }
  return difference == 0;
}

}  // namespace wirespan
