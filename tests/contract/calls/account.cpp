// account.cpp - the violations of the loss tables, as bytes.
#include "contract/calls/account.hpp"

#include "support/frames.hpp"

namespace wirespan::test {
namespace {

std::string from(std::string_view hex) { return std::string(wire_text(from_hex(hex))); }

/// Packs bits as RFC 1951 §3.1.1 has it.
class Bits {
 public:
  /// Appends a code of `count` bits, its first bit first.
  void code(unsigned value, unsigned count) {
    while (count-- > 0) bit((value >> count & 1U) != 0);
  }
  [[nodiscard]] std::string bytes() const { return bytes_; }

 private:
  void bit(bool on) {
    if (used_ == 0) bytes_.push_back('\0');
    if (on) bytes_.back() = static_cast<char>(bytes_.back() | 1 << used_);
    used_ = (used_ + 1) % 8;
  }

  std::string bytes_;
  int used_ = 0;
};

/// Zeros as one literal and 300 matches of 258 bytes with the fixed codes of RFC 1951 §3.2.6.
std::string bomb() {
  Bits bits;
  bits.code(0b010, 3);                                           // not the last block; fixed codes
  bits.code(0b00110000, 8);                                      // the literal 0
  for (int i = 0; i < 300; ++i) bits.code(0b1100010100000, 13);  // 285, distance 1
  bits.code(0, 7);                                               // end of block
  bits.code(0, 3);  // the empty block, RFC 7692 §7.2.1
  return bits.bytes();
}

}  // namespace

std::vector<Violation> violations_of_compression() {
  return {
      {"bad_compressed_data", Errc::bad_compressed_data, from("c2 03 ffffff")},
      {"inflate_ratio", Errc::inflate_ratio,
       std::string(wire_text(frame(0xC2, wire_bytes(bomb()))))},
  };
}

std::vector<Violation> violations_of_servers() {
  return {
      {"reserved_bits", Errc::reserved_bits, from("a1 00")},
      {"reserved_opcode", Errc::reserved_opcode, from("83 00")},
      {"fragmented_control", Errc::fragmented_control, from("09 00")},
      {"oversized_control", Errc::oversized_control, from("89 7e 007e") + std::string(126, 'p')},
      {"nonminimal_length", Errc::nonminimal_length, from("81 7e 0001 61")},
      {"length_overflow", Errc::length_overflow, from("82 7f 8000000000000000")},
      {"unexpected_continuation", Errc::unexpected_continuation, from("80 00")},
      {"expected_continuation", Errc::expected_continuation, from("01 00 81 00")},
      {"invalid_utf8", Errc::invalid_utf8, from("81 02 c328")},
      {"message_too_big", Errc::message_too_big, from("82 7f 4000000000000000")},
      {"too_many_fragments", Errc::too_many_fragments, from("01 00 00 00 00 00 00 00")},
      {"short_close_payload", Errc::short_close_payload, from("88 01 03")},
      {"invalid_close_code", Errc::invalid_close_code, from("88 02 03ed")},
      {"invalid_close_reason", Errc::invalid_close_reason, from("88 03 03e8 ff")},
  };
}

}  // namespace wirespan::test
