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

/// Size in bytes: two, up to eight of extended length, four of mask key.
inline constexpr std::size_t max_frame_header_size = 14;
/// Most bytes of payload in a control frame, so that it fits between the fragments of a message.
/// §5.5.
inline constexpr std::size_t max_control_payload = 125;

/// A frame header as it stands on the wire, legal or not.
struct FrameHeader {
  std::uint64_t payload_size = 0;        ///< Length of the payload in bytes.
  MaskKey mask{};                        ///< Of a masked frame.
  Opcode opcode = Opcode::continuation;  ///< May be one that the RFC reserves.
  bool fin = true;                       ///< The last frame of its message.
  bool rsv1 = false;                     ///< Reserved for extensions, as are the next two.
  bool rsv2 = false;                     ///< See rsv1.
  bool rsv3 = false;                     ///< See rsv1.
  bool masked = false;                   ///< The payload is masked with `mask`.
  bool minimal_length = true;  ///< No shorter form could hold the length. Set by parsing only.
  bool operator==(const FrameHeader&) const = default;
};

/// The rules of a receiver for the frames that it accepts.
struct FrameRules {
  Role receiver = Role::server;  ///< A server demands masked frames, a client unmasked ones. §5.1.
  bool allow_rsv1 = false;       ///< The agreed extension uses RSV1. §9.
};

/// Returns the size of the whole header in bytes, from its second byte.
[[nodiscard]] std::size_t frame_header_size(std::byte second) noexcept;
/// Returns the size in bytes of the header that encode_frame_header() will write.
[[nodiscard]] std::size_t frame_header_size(const FrameHeader& header) noexcept;

/// Parses the header at the front of `in` and returns its size, or 0 if more bytes are needed; then
/// `out` has the fields of the first two bytes, if they are there. Parsing cannot fail:
/// check_frame_header() judges the result.
[[nodiscard]] std::size_t parse_frame_header(Bytes in, FrameHeader& out) noexcept;

/// Sizes of a data frame (text, binary, continuation) below 64 KiB, as most are: the fast path.
struct UsualFrame {
  std::size_t header_size = 0;   ///< 0: another frame, or an incomplete header: slow path.
  std::size_t payload_size = 0;  ///< Bytes of payload.
};

/// Fast path: recognises, by a few comparisons, a legal data frame at the front of `in`: no
/// reserved bits, no control frame, the mask bit that `receiver` demands, the shortest form of the
/// length. The payload may be incomplete. For all other frames the slow path, parse_frame_header()
/// and check_frame_header(), decides.
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

/// True if the first byte of a usual frame makes it an unfragmented message: FIN, text or binary.
[[nodiscard]] constexpr bool is_whole_message(std::byte first) noexcept {
  return first == std::byte{0x81} || first == std::byte{0x82};
}

/// Judges one frame by itself: reserved bits and opcodes, the rules for control frames, the mask
/// bit, the form of the length. §5.1, §5.2, §5.5.
[[nodiscard]] std::error_code check_frame_header(const FrameHeader& header,
                                                 FrameRules rules) noexcept;

/// Writes the header, the length in its shortest form, and returns its size in bytes. Requires
/// payload_size < 2^63.
[[nodiscard]] std::size_t encode_frame_header(
    const FrameHeader& header, std::span<std::byte, max_frame_header_size> out) noexcept;

/// Appends a whole frame; if `header.masked`, the payload is masked while it is copied, in one
/// pass. The size comes from `payload`, not from `header.payload_size`. Throws std::bad_alloc, and
/// then nothing has changed.
void append_frame(ByteBuffer& out, const FrameHeader& header, Bytes payload);

/// Fast path of append_frame() for an unfragmented message that is neither masked nor compressed,
/// as most messages of a server are: two bytes of header below 126 bytes of payload.
void append_whole_message(ByteBuffer& out, Opcode opcode, Bytes payload);

/// An encoded header by itself, for a gather write together with a long payload.
struct FrameHead {
  std::array<std::byte, max_frame_header_size> storage{};  ///< The header is at its front.
  std::size_t size = 0;                                    ///< Bytes of the header.
  /// The header. Valid as long as this object.
  [[nodiscard]] Bytes bytes() const noexcept { return Bytes(storage).first(size); }
};
/// Encodes `header`. Requires payload_size < 2^63.
[[nodiscard]] FrameHead make_frame_head(const FrameHeader& header) noexcept;

}  // namespace wirespan
