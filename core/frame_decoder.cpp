// frame_decoder.cpp - input to chunks of frame payload, however it is cut. RFC 6455 §5.2, §5.3.
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

bool FrameDecoder::take_usual_header(MutableBytes& input) noexcept {
  if (stash_size_ != 0) return false;
  const UsualFrame frame = usual_frame(input, rules_.receiver);
  if (frame.header_size == 0) return false;
  // Field by field: building a temporary and copying it causes a store-forwarding stall.
  const auto first = std::to_integer<unsigned>(input[0]);
  header_.payload_size = frame.payload_size;
  header_.opcode = static_cast<Opcode>(first & 0x0FU);
  header_.fin = (first & 0x80U) != 0;
  header_.rsv1 = header_.rsv2 = header_.rsv3 = false;
  header_.masked = rules_.receiver == Role::server;
  header_.minimal_length = true;
  if (header_.masked) {
    std::memcpy(header_.mask.data(), input.data() + frame.header_size - header_.mask.size(),
                header_.mask.size());
  }
  input = input.subspan(frame.header_size);
  return true;
}

/// Slow path: Status::chunk means that header_ is complete and legal.
FrameDecoder::Status FrameDecoder::next_header(MutableBytes& input) noexcept {
  std::size_t size = stash_size_ == 0 ? parse_frame_header(input, header_) : 0;
  if (size > 0) {
    input = input.subspan(size);
  } else {
    stash_header(input);
    size = parse_frame_header(Bytes(stash_).first(stash_size_), header_);
    // The first two bytes tell reserved bits, a wrong mask bit and a long control frame.
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
