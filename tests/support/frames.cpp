// frames.cpp - a slow and independent reference implementation of RFC 6455 §5.2, against which
// tests compare the fast one.
#include "support/frames.hpp"

#include <algorithm>
#include <cstdint>

namespace wirespan::test {
namespace {

unsigned value_of(std::byte byte) noexcept { return std::to_integer<unsigned>(byte); }

struct HeaderShape {
  std::size_t size = 0;  // without a mask key
  std::uint64_t payload = 0;
  bool minimal = true;
};

/// Parses a header without its mask key; nullopt if the header is incomplete.
std::optional<HeaderShape> shape_of(Bytes wire) {
  if (wire.size() < 2) return std::nullopt;
  const unsigned length = value_of(wire[1]) & 0x7F;
  const std::size_t extended = length == 126 ? 2 : length == 127 ? 8 : 0;
  HeaderShape shape{.size = 2 + extended, .payload = length};
  if (wire.size() < shape.size) return std::nullopt;
  if (extended > 0) {
    shape.payload = 0;
    for (std::size_t i = 0; i < extended; ++i) {
      shape.payload = shape.payload * 256 + value_of(wire[2 + i]);
    }
    shape.minimal = shape.payload > (extended == 2 ? 125U : 65535U);
  }
  return shape;
}

std::uint64_t checksum(Bytes bytes) noexcept {
  std::uint64_t sum = 14695981039346656037U;
  for (const std::byte byte : bytes) sum = (sum ^ value_of(byte)) * 1099511628211U;
  return sum;
}

std::string summary(Bytes payload) {
  return std::to_string(payload.size()) + " bytes, sum " + std::to_string(checksum(payload));
}

constexpr std::size_t long_payload = 80;

/// Returns the violation in one frame by itself; empty if there is none.
std::string complaint_about(const WireFrame& one, Role sender) {
  if (one.masked != (sender == Role::client)) return "wrong mask bit";
  if (!one.minimal) return "length is not minimal";
  if (one.reserved_bits() != 0) return "reserved bits";
  if (is_reserved(one.opcode())) return "reserved opcode";
  if (!is_control(one.opcode())) return {};
  if (!one.fin()) return "fragmented control frame";
  if (one.payload.size() > 125) return "long control frame";
  if (one.opcode() != Opcode::close || one.payload.empty()) return {};
  if (one.payload.size() == 1) return "close frame with half a code";
  const unsigned code = value_of(one.payload[0]) * 256 + value_of(one.payload[1]);
  const bool reserved = code == 1004 || code == 1005 || code == 1006 || code == 1015;
  const bool known = (code >= 1000 && code <= 1014) || (code >= 3000 && code <= 4999);
  return known && !reserved ? "" : "close code " + std::to_string(code);
}

}  // namespace

ByteVector frame(unsigned first_byte, Bytes payload) {
  ByteVector wire{static_cast<std::byte>(first_byte)};
  const std::uint64_t size = payload.size();
  const std::size_t extended = size < 126 ? 0 : size < 65536 ? 2 : 8;
  wire.push_back(static_cast<std::byte>(extended == 0 ? size : extended == 2 ? 126 : 127));
  for (std::size_t i = extended; i > 0; --i) {
    wire.push_back(static_cast<std::byte>((size >> (8 * (i - 1))) & 255));
  }
  wire.insert(wire.end(), payload.begin(), payload.end());
  return wire;
}

std::optional<std::vector<WireFrame>> parse_frames(Bytes wire) {
  std::vector<WireFrame> frames;
  while (!wire.empty()) {
    const auto shape = shape_of(wire);
    if (!shape) return std::nullopt;
    WireFrame one{.first_byte = value_of(wire[0]), .minimal = shape->minimal, .payload = {}};
    one.masked = (value_of(wire[1]) & 0x80) != 0;
    wire = wire.subspan(shape->size);
    if (one.masked) {
      if (wire.size() < 4) return std::nullopt;
      std::copy_n(wire.begin(), 4, one.key.begin());
      wire = wire.subspan(4);
    }
    if (wire.size() < shape->payload) return std::nullopt;
    one.payload = owned(wire.first(static_cast<std::size_t>(shape->payload)));
    for (std::size_t i = 0; i < one.payload.size(); ++i) one.payload[i] ^= one.key[i % 4];
    wire = wire.subspan(one.payload.size());
    frames.push_back(std::move(one));
  }
  return frames;
}

ByteVector masked(Bytes wire, MaskKey key) {
  ByteVector out;
  while (!wire.empty()) {
    const auto shape = shape_of(wire);
    const std::size_t head = shape ? shape->size : wire.size();
    for (std::size_t i = 0; i < head; ++i) {
      out.push_back(i == 1 ? wire[i] | std::byte{0x80} : wire[i]);
    }
    wire = wire.subspan(head);
    if (!shape) break;
    out.insert(out.end(), key.begin(), key.end());
    const auto size =
        static_cast<std::size_t>(std::min<std::uint64_t>(shape->payload, wire.size()));
    for (std::size_t i = 0; i < size; ++i) out.push_back(wire[i] ^ key[i % 4]);
    wire = wire.subspan(size);
  }
  return out;
}

ByteVector as_received_by(Role receiver, Bytes wire) {
  return receiver == Role::server ? masked(wire) : owned(wire);
}

std::string readable_hex(Bytes payload) {
  return payload.size() > long_payload ? summary(payload) : to_hex(payload);
}

std::string readable(Bytes payload) {
  if (payload.size() > long_payload) return summary(payload);
  const std::string_view text = wire_text(payload);
  const bool printable =
      std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
  return printable ? std::string(1, '"').append(text).append(1, '"') : to_hex(payload);
}

std::string describe(const WireFrame& one) {
  std::string text(name(one.opcode()));
  if (!one.fin()) text += "...";
  if (one.reserved_bits() != 0) text += " rsv";
  if (one.opcode() == Opcode::close) {
    if (one.payload.size() < 2) return text + (one.payload.empty() ? "" : " short");
    const unsigned code = value_of(one.payload[0]) * 256 + value_of(one.payload[1]);
    return text + " " + std::to_string(code);
  }
  if (is_control(one.opcode())) return text + " " + to_hex(one.payload);
  return text + " " +
         (one.opcode() == Opcode::binary ? readable_hex(one.payload) : readable(one.payload));
}

std::string complaint_about(const std::vector<WireFrame>& frames, Role sender) {
  bool closed = false;
  bool in_message = false;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const WireFrame& one = frames[i];
    const std::string where = "frame " + std::to_string(i) + " (" + describe(one) + "): ";
    if (const auto complaint = complaint_about(one, sender); !complaint.empty()) {
      return where + complaint;
    }
    if (is_control(one.opcode())) {
      if (closed && one.opcode() == Opcode::close) return where + "a second Close";
      closed = closed || one.opcode() == Opcode::close;
      continue;
    }
    if (closed) return where + "data after Close";
    if (in_message != (one.opcode() == Opcode::continuation)) return where + "fragments mixed up";
    in_message = !one.fin();
  }
  return {};
}

}  // namespace wirespan::test
