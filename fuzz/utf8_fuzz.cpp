// utf8_fuzz.cpp - the UTF-8 validator equals its reference implementation, cut anywhere, and both
// equal a decoder that follows RFC 3629 §4.
#include "fuzz_input.hpp"
#include <wirespan/core/utf8.hpp>

namespace wirespan::fuzz {
namespace {

struct Verdict {
  bool possible = true;  ///< No byte has ruled out valid UTF-8.
  bool complete = true;  ///< The text ends with a whole code point; only meaningful if possible.
  bool operator==(const Verdict&) const = default;
};

/// Bytes of a code point that starts with `lead`; 0 if no code point does.
std::size_t length_for(unsigned lead) noexcept {
  if (lead < 0x80) return 1;
  if (lead < 0xC0) return 0;
  if (lead < 0xE0) return 2;
  if (lead < 0xF0) return 3;
  return lead < 0xF8 ? 4 : 0;
}

/// True for a Unicode scalar value whose shortest encoding has `length` bytes.
bool is_scalar(unsigned code_point, std::size_t length) noexcept {
  constexpr std::array<unsigned, 5> smallest{0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
  return code_point >= smallest[length] && code_point <= 0x10FFFF && !surrogate;
}

/// Validates by decoding each code point: independent of the byte ranges that the validators use.
bool is_valid_by_decoding(Bytes text) noexcept {
  while (!text.empty()) {
    const auto lead = std::to_integer<unsigned>(text[0]);
    const std::size_t length = length_for(lead);
    if (length == 0 || length > text.size()) return false;
    unsigned code_point = length == 1 ? lead : lead & (0xFFU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
      const auto byte = std::to_integer<unsigned>(text[i]);
      if ((byte & 0xC0) != 0x80) return false;
      code_point = code_point << 6 | (byte & 0x3F);
    }
    if (!is_scalar(code_point, length)) return false;
    text = text.subspan(length);
  }
  return true;
}

/// Feeds both validators the same pieces; they must refuse the same one.
Verdict judge_in_pieces(Bytes text, Tape cuts) {
  Utf8Validator fast;
  Utf8Validator plain;
  while (!text.empty()) {
    const ExactCopy piece(text.first(cuts.cut(text.size())));
    const bool possible = feed_reference(plain, piece.get());
    require(fast.feed(piece.get()) == possible, "the validator agrees with its reference");
    if (!possible) return {.possible = false};
    require(fast.complete() == plain.complete(), "both are inside a code point, or none is");
    text = text.subspan(piece.get().size());
  }
  return {.complete = fast.complete()};
}

}  // namespace
}  // namespace wirespan::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wirespan::fuzz;
  FuzzInput input(data, size);
  const Tape cuts = input.tape();
  const ExactCopy text(input.rest());
  const bool valid = is_valid_by_decoding(text.get());
  require(wirespan::is_valid_utf8(text.get()) == valid, "is_valid_utf8() agrees with decoding");

  const Verdict verdict = judge_in_pieces(text.get(), cuts);
  require((verdict.possible && verdict.complete) == valid, "the pieces are judged as the whole");
  constexpr std::byte one{1};
  require(verdict == judge_in_pieces(text.get(), Tape({&one, 1})), "so are the single bytes");
  return 0;
}
