// frame.cpp - encodes frames, masks payloads.
#include "wire/frame.hpp"

#include <array>
#include <random>

namespace conformance {
namespace {

std::uint32_t random_key() {
  thread_local std::mt19937 generator{std::random_device{}()};
  return static_cast<std::uint32_t>(generator());
}

void append_length(Octets& out, const Frame& frame, unsigned mask_bit) {
  const std::uint64_t length = frame.claimed_length.value_or(frame.payload.size());
  LengthForm form = frame.length_form;
  if (form == LengthForm::minimal && length > 0xffff) form = LengthForm::in_64_bits;
  if (form == LengthForm::minimal && length > 125) form = LengthForm::in_16_bits;
  switch (form) {
    case LengthForm::minimal:
      out.push_back(static_cast<char>(mask_bit | length));
      break;
    case LengthForm::in_16_bits:
      out.push_back(static_cast<char>(mask_bit | 126));
      out.append(big_endian(length, 2));
      break;
    case LengthForm::in_64_bits:
      out.push_back(static_cast<char>(mask_bit | 127));
      out.append(big_endian(length, 8));
      break;
  }
}

}  // namespace

void apply_mask(Octets& octets, std::size_t from, std::uint32_t key) noexcept {
  const std::array<unsigned, 4> parts{key >> 24, key >> 16 & 0xff, key >> 8 & 0xff, key & 0xff};
  for (std::size_t i = from; i < octets.size(); ++i) {
    octets[i] = static_cast<char>(value_of(octets[i]) ^ parts[(i - from) & 3]);
  }
}

EncodedFrame encode(const Frame& frame, Role role) {
  const bool masked = (role == Role::client) == (frame.masking == Masking::as_the_role_says);
  EncodedFrame out;
  out.octets.reserve(frame.payload.size() + 14);
  out.octets.push_back(static_cast<char>((frame.fin ? 0x80U : 0U) | unsigned{frame.rsv} << 4 |
                                         unsigned{frame.opcode}));
  append_length(out.octets, frame, masked ? 0x80 : 0);
  const std::uint32_t key = frame.mask_key ? *frame.mask_key : random_key();
  if (masked) out.octets.append(big_endian(key, 4));
  out.header_size = out.octets.size();
  out.octets.append(frame.payload);
  if (masked) apply_mask(out.octets, out.header_size, key);
  return out;
}

std::string describe_header(std::uint8_t code, bool fin, unsigned rsv) {
  constexpr std::array<std::string_view, 11> names{
      "continuation", "text", "binary", "", "", "", "", "", "close", "ping", "pong"};
  std::string out = code < names.size() && !names.at(code).empty()
                        ? std::string(names.at(code))
                        : "opcode " + std::to_string(unsigned{code});
  if (fin) out += ", FIN";
  if (rsv != 0) out += ", RSV " + std::to_string(rsv);
  return out;
}

Octets close_payload(std::uint16_t code, std::string_view reason) {
  return big_endian(code, 2).append(reason);
}

}  // namespace conformance
