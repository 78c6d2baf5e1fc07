// frame.hpp - frames that the suite sends, correct or wrong on purpose. RFC 6455 §5.2.
#pragma once

#include <cstdint>
#include <optional>

#include "wire/octets.hpp"

namespace conformance {

/// The suite's role; the implementation under test has the other one.
enum class Role : std::uint8_t { client, server };

namespace opcode {
inline constexpr std::uint8_t continuation = 0;
inline constexpr std::uint8_t text = 1;
inline constexpr std::uint8_t binary = 2;
inline constexpr std::uint8_t close = 8;
inline constexpr std::uint8_t ping = 9;
inline constexpr std::uint8_t pong = 10;
}  // namespace opcode

enum class LengthForm : std::uint8_t { minimal, in_16_bits, in_64_bits };
enum class Masking : std::uint8_t { as_the_role_says, against_the_role };

struct Frame {
  std::uint8_t opcode = opcode::text;
  Octets payload;
  bool fin = true;
  std::uint8_t rsv = 0;  ///< The 3-bit field: 4 is RSV1, 2 is RSV2, 1 is RSV3.
  LengthForm length_form = LengthForm::minimal;
  Masking masking = Masking::as_the_role_says;
  std::optional<std::uint64_t> claimed_length{};  ///< The length in the header, if it is wrong.
  std::optional<std::uint32_t> mask_key{};        ///< Unset: a new random key.
};

struct EncodedFrame {
  Octets octets;
  std::size_t header_size = 0;
};

[[nodiscard]] EncodedFrame encode(const Frame& frame, Role role);

/// Describes a header for the log: "text, FIN", "continuation", "opcode 11, FIN, RSV 4".
[[nodiscard]] std::string describe_header(std::uint8_t opcode, bool fin, unsigned rsv);

/// Returns the payload of a Close frame, RFC 6455 §5.5.1.
[[nodiscard]] Octets close_payload(std::uint16_t code, std::string_view reason = {});

/// Masks the octets from `from` on; `key` is the 4-octet key in network order.
void apply_mask(Octets& octets, std::size_t from, std::uint32_t key) noexcept;

}  // namespace conformance
