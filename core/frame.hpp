// frame.hpp - the header of a frame: parsed, checked, encoded. RFC 6455 §5.2.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>

#include <wirespan/core/byte_buffer.hpp>
#include <wirespan/core/bytes.hpp>
#include <wirespan/core/mask.hpp>
#include <wirespan/core/opcode.hpp>

namespace wirespan {

/// Two bytes, up to eight of extended length, four of mask key.
inline constexpr std::size_t max_frame_header_size = 14;
/// §5.5: all control frames are this short, so that they fit between the fragments of a message.
inline constexpr std::size_t max_control_payload = 125;

/// A header as it stands on the wire, legal or not.
struct FrameHeader {
  std::uint64_t payload_size = 0;
  MaskKey mask{};
  Opcode opcode = Opcode::continuation;
  bool fin = true;
  bool rsv1 = false;
  bool rsv2 = false;
  bool rsv3 = false;
  bool masked = false;
  bool minimal_length = true;  ///< No shorter form could hold the length. Set by parsing only.
  bool operator==(const FrameHeader&) const = default;
};

/// What a receiver accepts.
struct FrameRules {
  Role receiver = Role::server;
  bool allow_rsv1 = false;  ///< An extension that uses RSV1 was agreed on. §9.
};

/// Bytes of the whole header, told by its second byte.
[[nodiscard]] std::size_t frame_header_size(std::byte second) noexcept;
/// Bytes of the header that encode_frame_header() will write.
[[nodiscard]] std::size_t frame_header_size(const FrameHeader& header) noexcept;

/// The size of the header at the front of `in`, or 0 if more bytes are needed; then `out` holds
/// what the first two bytes tell, if they are there. It cannot fail: judging is separate.
[[nodiscard]] std::size_t parse_frame_header(Bytes in, FrameHeader& out) noexcept;

/// A text, binary or continuation frame of less than 64 KiB, as most frames are.
struct UsualFrame {
  std::size_t header_size = 0;  ///< 0: it is something else, or its header is not all here.
  std::size_t payload_size = 0;
};

/// Looks at the front of `in` for a legal frame that a few comparisons can judge: no reserved bits,
/// no control frame, the mask bit that `receiver` demands, the shortest form of the length.
[[nodiscard]] inline UsualFrame usual_frame(Bytes in, Role receiver) noexcept {
  constexpr unsigned length_in_16_bits = 126;
  const std::size_t mask_size = receiver == Role::server ? 4 : 0;
  if (in.size() < 2 + mask_size) return {};
  const auto first = std::to_integer<unsigned>(in[0]);
  const unsigned length =
      std::to_integer<unsigned>(in[1]) ^ (receiver == Role::server ? 0x80U : 0U);
  if ((first & 0x7FU) > 2U || length > length_in_16_bits) return {};
  if (length < length_in_16_bits) return {.header_size = 2 + mask_size, .payload_size = length};
  if (in.size() < 4 + mask_size) return {};
  const std::size_t size = load_big_endian<std::uint16_t>(in.subspan(2).first<2>());
  if (size < length_in_16_bits) return {};
  return {.header_size = 4 + mask_size, .payload_size = size};
}

/// By the first byte of a usual frame: FIN, text or binary.
[[nodiscard]] constexpr bool is_whole_message(std::byte first) noexcept {
  return first == std::byte{0x81} || first == std::byte{0x82};
}

/// Judges one frame by itself: reserved bits and opcodes, the rules for control frames, the mask
/// bit, the form of the length. §5.1, §5.2, §5.5.
[[nodiscard]] std::error_code check_frame_header(const FrameHeader& header,
                                                 FrameRules rules) noexcept;

/// Writes the shortest form and returns its size. Requires payload_size < 2^63.
[[nodiscard]] std::size_t encode_frame_header(
    const FrameHeader& header, std::span<std::byte, max_frame_header_size> out) noexcept;

/// Appends a whole frame; the payload is masked while it is copied if `header.masked`.
/// `header.payload_size` is taken from `payload`. Throws std::bad_alloc, and then nothing changed.
void append_frame(ByteBuffer& out, const FrameHeader& header, Bytes payload);

/// The same for a whole message that is neither masked nor encoded, which is most of what a server
/// sends: nothing but the opcode has to be looked at.
void append_whole_message(ByteBuffer& out, Opcode opcode, Bytes payload);

/// An encoded header by itself, for a gather write of a long payload.
struct FrameHead {
  std::array<std::byte, max_frame_header_size> storage{};
  std::size_t size = 0;
  [[nodiscard]] Bytes bytes() const noexcept { return Bytes(storage).first(size); }
};
[[nodiscard]] FrameHead make_frame_head(const FrameHeader& header) noexcept;

}  // namespace wirespan
