// frames.hpp - reference implementation of the frame format: takes frames apart and puts them
// together without the code under test. RFC 6455 §5.2.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "support/hex.hpp"
#include <wirespan/core/bytes.hpp>
#include <wirespan/core/mask.hpp>
#include <wirespan/core/opcode.hpp>

namespace wirespan::test {

/// One whole frame of the wire, its payload unmasked.
struct WireFrame {
  unsigned first_byte = 0;  ///< FIN, RSV1-3 and opcode.
  bool masked = false;
  MaskKey key{};
  bool minimal = true;
  ByteVector payload;

  [[nodiscard]] bool fin() const noexcept { return (first_byte & 0x80) != 0; }
  [[nodiscard]] unsigned reserved_bits() const noexcept { return first_byte & 0x70; }
  [[nodiscard]] Opcode opcode() const noexcept { return Opcode{std::uint8_t(first_byte & 15)}; }
};

/// Returns an unmasked frame with the shortest length form: frame(0x82, payload).
[[nodiscard]] ByteVector frame(unsigned first_byte, Bytes payload);

/// Splits a stream into frames; nullopt if it does not end at the end of a frame.
[[nodiscard]] std::optional<std::vector<WireFrame>> parse_frames(Bytes wire);

/// Returns the same stream as a client sends it: mask bit, key and masked payload in every frame.
/// The stream may be illegal and may end anywhere.
[[nodiscard]] ByteVector masked(Bytes wire, MaskKey key = {std::byte{0x37}, std::byte{0xfa},
                                                           std::byte{0x21}, std::byte{0x3d}});

/// Returns the stream as `receiver` gets it from its peer: masked if the receiver is a server.
[[nodiscard]] ByteVector as_received_by(Role receiver, Bytes wire);

/// Describes a frame for comparisons and reports: "text Hello", "pong 6869", "close 1002".
[[nodiscard]] std::string describe(const WireFrame& frame);

/// Returns the first violation in frames that an endpoint sent, judged as one stream from its
/// beginning; empty if all are legal. §5.1, §5.2, §5.4, §5.5, §7.4.
[[nodiscard]] std::string complaint_about(const std::vector<WireFrame>& frames, Role sender);

/// Returns a payload for a report: text in quotes if printable, else hex; long payloads as size and
/// checksum.
[[nodiscard]] std::string readable(Bytes payload);
[[nodiscard]] std::string readable_hex(Bytes payload);

}  // namespace wirespan::test
