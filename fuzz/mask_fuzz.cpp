// mask_fuzz.cpp - masking equals its reference implementation for any length, alignment, phase and
// cut. RFC 6455 §5.3.
#include "fuzz_input.hpp"
#include <wirespan/core/mask.hpp>

namespace wirespan::fuzz {
namespace {

MaskKey take_key(FuzzInput& input) {
  MaskKey key{};
  const Bytes bytes = input.take(key.size());
  std::copy(bytes.begin(), bytes.end(), key.begin());
  return key;
}

/// The bytes as the two reference implementations mask them, which must agree.
OwnedBytes masked_by_reference(Bytes plain, MaskKey key, std::size_t phase) {
  OwnedBytes masked(plain.size());
  copy_masked_reference(masked, plain, key, phase);
  OwnedBytes in_place = owned(plain);
  apply_mask_reference(in_place, key, phase);
  require(in_place == masked, "both reference implementations agree");
  return masked;
}

void check_whole(Bytes plain, Bytes masked, MaskKey key, std::size_t phase, std::size_t shift) {
  ExactCopy from(shift + plain.size());
  const MutableBytes bytes = from.get().subspan(shift);
  std::copy(plain.begin(), plain.end(), bytes.begin());
  ExactCopy to(plain.size());
  copy_masked(to.get(), bytes, key, phase);
  require(same_bytes(to.get(), masked), "copy_masked() agrees with its reference");
  require(same_bytes(bytes, plain), "copy_masked() leaves its source alone");
  apply_mask(bytes, key, phase);
  require(same_bytes(bytes, masked), "apply_mask() agrees with its reference");
  apply_mask(bytes, key, phase);
  require(same_bytes(bytes, plain), "masking twice is identity");
}

void check_in_pieces(Bytes plain, Bytes masked, MaskKey key, std::size_t phase, Tape cuts) {
  const ExactCopy in_place(plain);
  const ExactCopy copied(plain.size());
  for (std::size_t at = 0; at < plain.size();) {
    const std::size_t size = cuts.cut(plain.size() - at);
    apply_mask(in_place.get().subspan(at, size), key, phase + at);
    copy_masked(copied.get().subspan(at, size), plain.subspan(at, size), key, phase + at);
    at += size;
  }
  require(same_bytes(in_place.get(), masked), "the phase carries over from piece to piece");
  require(same_bytes(copied.get(), masked), "the phase carries over from copy to copy");
}

}  // namespace
}  // namespace wirespan::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wirespan::fuzz;
  FuzzInput input(data, size);
  const std::uint8_t setting = input.byte();
  const std::size_t phase = setting & 3;
  const std::size_t shift = (setting >> 2) & 31;
  const wirespan::MaskKey key = take_key(input);
  const Tape cuts = input.tape();
  const wirespan::Bytes plain = input.rest();
  const OwnedBytes masked = masked_by_reference(plain, key, phase);
  check_whole(plain, masked, key, phase, shift);
  check_in_pieces(plain, masked, key, phase, cuts);
  return 0;
}
