#include <algorithm>
#include <cstring>

#include <wirespan/core/frame_decoder.hpp>

namespace wirespan {

void unmask(const FrameChunk& chunk) noexcept {
  if (!chunk.header->masked) return;
  apply_mask(chunk.payload, chunk.header->mask, static_cast<std::size_t>(chunk.offset & 3));
}

void copy_unmasked(MutableBytes to, const FrameChunk& chunk) noexcept {
  if (chunk.header->masked) {
    copy_masked(to, chunk.payload, chunk.header->mask, static_cast<std::size_t>(chunk.offset & 3));
  } else if (!chunk.payload.empty()) {
    std::memcpy(to.data(), chunk.payload.data(), chunk.payload.size());
  }
}

FrameDecoder::Status FrameDecoder::next(MutableBytes& input, FrameChunk& out) noexcept {
  const bool first = remaining_ == 0;
  if (first) {
    if (!take_usual_header(input)) {
      if (const Status status = next_header(input); status != Status::chunk) return status;
    }
    remaining_ = header_.payload_size;
  } else if (input.empty()) {
    return Status::need_more;
  }
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, input.size()));
  out = {.header = &header_,
         .payload = input.first(size),
         .offset = header_.payload_size - remaining_,
         .first = first,
         .last = size == remaining_};
  remaining_ -= size;
  input = input.subspan(size);
  return Status::chunk;
}

/// Most frames carry data, less than 64 KiB, no reserved bits and the mask bit that they must have:
/// a few comparisons judge such a header, and nothing but check_frame_header() judges another.
bool FrameDecoder::take_usual_header(MutableBytes& input) noexcept {
  constexpr unsigned fin_bit = 0x80;
  constexpr unsigned length_in_16_bits = 126;
  const bool masked = rules_.receiver == Role::server;
  const std::size_t mask_size = masked ? 4 : 0;
  if (stash_size_ != 0 || input.size() < 4 + mask_size) return false;
  const auto first = std::to_integer<unsigned>(input[0]);
  unsigned payload_size = std::to_integer<unsigned>(input[1]) - (masked ? 0x80U : 0U);
  std::size_t size = 2;
  if (payload_size == length_in_16_bits) {
    payload_size = load_big_endian<std::uint16_t>(input.subspan(2).first<2>());
    if (payload_size < length_in_16_bits) return false;
    size = 4;
  } else if (payload_size > length_in_16_bits) {
    return false;
  }
  if ((first & ~fin_bit) > static_cast<unsigned>(Opcode::binary)) return false;
  // One by one: a whole header, put together elsewhere and copied, would have to wait for itself.
  header_.payload_size = payload_size;
  header_.opcode = static_cast<Opcode>(first & ~fin_bit);
  header_.fin = (first & fin_bit) != 0;
  header_.rsv1 = header_.rsv2 = header_.rsv3 = false;
  header_.masked = masked;
  header_.minimal_length = true;
  if (masked) std::memcpy(header_.mask.data(), input.data() + size, header_.mask.size());
  input = input.subspan(size + mask_size);
  return true;
}

/// `chunk` stands for: the header is complete and legal.
FrameDecoder::Status FrameDecoder::next_header(MutableBytes& input) noexcept {
  std::size_t size = stash_size_ == 0 ? parse_frame_header(input, header_) : 0;
  if (size > 0) {
    input = input.subspan(size);
  } else {
    stash_header(input);
    size = parse_frame_header(Bytes(stash_).first(stash_size_), header_);
    // Half a header is enough to see reserved bits, a wrong mask bit or a long control frame.
    const bool judgeable = stash_size_ >= 2;
    if (size == 0) return judgeable && error() ? Status::error : Status::need_more;
    stash_size_ = 0;
  }
  return error() ? Status::error : Status::chunk;
}

/// Moves bytes from the input to the stash until it holds a whole header or the input is empty.
void FrameDecoder::stash_header(MutableBytes& input) noexcept {
  while (!input.empty()) {
    const std::size_t wanted = stash_size_ < 2 ? 2 : frame_header_size(stash_[1]);
    if (stash_size_ == wanted) return;
    const std::size_t size = std::min(wanted - stash_size_, input.size());
    std::memcpy(stash_.data() + stash_size_, input.data(), size);
    stash_size_ = static_cast<std::uint8_t>(stash_size_ + size);
    input = input.subspan(size);
  }
}

}  // namespace wirespan
