// frame.cpp - parses, checks and encodes headers of frames, appends frames. RFC 6455 §5.2, §5.5.
#include <algorithm>
#include <cassert>
#include <cstring>

#include <wirespan/core/error.hpp>
#include <wirespan/core/frame.hpp>

namespace wirespan {
namespace {

constexpr std::byte fin_bit{0x80};
constexpr std::byte rsv1_bit{0x40};
constexpr std::byte rsv2_bit{0x20};
constexpr std::byte rsv3_bit{0x10};
constexpr std::byte opcode_bits{0x0F};
constexpr std::byte mask_bit{0x80};
constexpr std::uint8_t length_bits = 0x7F;
constexpr std::uint8_t length_in_16_bits = 126;
constexpr std::uint8_t length_in_64_bits = 127;
constexpr std::uint64_t most_significant_bit = std::uint64_t{1} << 63;

constexpr bool is_set(std::byte byte, std::byte bit) noexcept {
  return (byte & bit) != std::byte{};
}
constexpr std::byte bit_if(bool set, std::byte bit) noexcept { return set ? bit : std::byte{}; }

constexpr std::uint8_t short_length(std::byte second) noexcept {
  return std::to_integer<std::uint8_t>(second) & length_bits;
}

constexpr std::size_t extended_length_size(std::uint8_t length) noexcept {
  if (length == length_in_16_bits) return 2;
  return length == length_in_64_bits ? 8 : 0;
}

/// Returns the 7-bit length for a payload of this size: the size itself, 126 or 127. §5.2.
constexpr std::uint8_t length_form(std::uint64_t payload_size) noexcept {
  if (payload_size < length_in_16_bits) return static_cast<std::uint8_t>(payload_size);
  return payload_size <= 0xFFFF ? length_in_16_bits : length_in_64_bits;
}

}  // namespace

std::size_t frame_header_size(std::byte second) noexcept {
  return 2 + extended_length_size(short_length(second)) + (is_set(second, mask_bit) ? 4 : 0);
}

std::size_t frame_header_size(const FrameHeader& header) noexcept {
  return 2 + extended_length_size(length_form(header.payload_size)) + (header.masked ? 4 : 0);
}

std::size_t parse_frame_header(Bytes in, FrameHeader& out) noexcept {
  if (in.size() < 2) return 0;
  const std::byte first = in[0];
  const std::byte second = in[1];
  out.fin = is_set(first, fin_bit);
  out.rsv1 = is_set(first, rsv1_bit);
  out.rsv2 = is_set(first, rsv2_bit);
  out.rsv3 = is_set(first, rsv3_bit);
  out.opcode = static_cast<Opcode>(first & opcode_bits);
  out.masked = is_set(second, mask_bit);
  out.payload_size = short_length(second);
  out.minimal_length = true;
  const std::size_t size = frame_header_size(second);
  if (in.size() < size) return 0;
  if (out.payload_size == length_in_16_bits) {
    out.payload_size = load_big_endian<std::uint16_t>(in.subspan(2).first<2>());
    out.minimal_length = out.payload_size >= length_in_16_bits;
  } else if (out.payload_size == length_in_64_bits) {
    out.payload_size = load_big_endian<std::uint64_t>(in.subspan(2).first<8>());
    out.minimal_length = out.payload_size > 0xFFFF;
  }
  if (out.masked) std::memcpy(out.mask.data(), in.data() + size - 4, 4);
  return size;
}

std::error_code check_frame_header(const FrameHeader& header, FrameRules rules) noexcept {
  const bool forbidden_rsv1 = header.rsv1 && (!rules.allow_rsv1 || is_control(header.opcode) ||
                                              header.opcode == Opcode::continuation);
  if (forbidden_rsv1 || header.rsv2 || header.rsv3) return Errc::reserved_bits;
  if (is_reserved(header.opcode)) return Errc::reserved_opcode;
  if (is_control(header.opcode)) {
    if (!header.fin) return Errc::fragmented_control;
    // An extended length is illegal in a control frame, whatever its value.
    if (header.payload_size > max_control_payload || !header.minimal_length) {
      return Errc::oversized_control;
    }
  }
  if (rules.receiver == Role::server && !header.masked) return Errc::missing_mask;
  if (rules.receiver == Role::client && header.masked) return Errc::unexpected_mask;
  if (header.payload_size >= most_significant_bit) return Errc::length_overflow;
  if (!header.minimal_length) return Errc::nonminimal_length;
  return {};
}

namespace {

std::size_t encode(const FrameHeader& header, std::uint64_t payload_size,
                   std::span<std::byte, max_frame_header_size> out) noexcept {
  assert(payload_size < most_significant_bit);
  const std::uint8_t form = length_form(payload_size);
  out[0] = bit_if(header.fin, fin_bit) | bit_if(header.rsv1, rsv1_bit) |
           bit_if(header.rsv2, rsv2_bit) | bit_if(header.rsv3, rsv3_bit) |
           (static_cast<std::byte>(header.opcode) & opcode_bits);
  out[1] = bit_if(header.masked, mask_bit) | static_cast<std::byte>(form);
  if (form == length_in_16_bits) {
    store_big_endian(out.subspan<2, 2>(), static_cast<std::uint16_t>(payload_size));
  } else if (form == length_in_64_bits) {
    store_big_endian(out.subspan<2, 8>(), payload_size);
  }
  const std::size_t size = 2 + extended_length_size(form);
  if (!header.masked) return size;
  std::memcpy(out.data() + size, header.mask.data(), header.mask.size());
  return size + header.mask.size();
}

}  // namespace

std::size_t encode_frame_header(const FrameHeader& header,
                                std::span<std::byte, max_frame_header_size> out) noexcept {
  return encode(header, header.payload_size, out);
}

void append_frame(ByteBuffer& out, const FrameHeader& header, Bytes payload) {
  const MutableBytes room = out.prepare(max_frame_header_size + payload.size());
  const std::size_t size = encode(header, payload.size(), room.first<max_frame_header_size>());
  if (header.masked) {
    copy_masked(room.subspan(size, payload.size()), payload, header.mask);
  } else if (!payload.empty()) {
    std::memcpy(room.data() + size, payload.data(), payload.size());
  }
  out.commit(size + payload.size());
}

void append_whole_message(ByteBuffer& out, Opcode opcode, Bytes payload) {
  const MutableBytes room = out.prepare(max_frame_header_size + payload.size());
  room[0] = fin_bit | static_cast<std::byte>(opcode);
  std::size_t size = 2;
  if (payload.size() < length_in_16_bits) {
    room[1] = static_cast<std::byte>(payload.size());
  } else {
    const FrameHeader header{.payload_size = payload.size(), .opcode = opcode};
    size = encode(header, payload.size(), room.first<max_frame_header_size>());
  }
  if (!payload.empty()) std::memcpy(room.data() + size, payload.data(), payload.size());
  out.commit(size + payload.size());
}

FrameHead make_frame_head(const FrameHeader& header) noexcept {
  FrameHead head;
  head.size = encode_frame_header(header, head.storage);
  return head;
}

}  // namespace wirespan
