// sent_frames.cpp - parses the output of a connection frame by frame. RFC 6455 §5.2.
#include "sent_frames.hpp"

namespace wirespan::fuzz {
namespace {

unsigned value_of(std::byte byte) { return std::to_integer<unsigned>(byte); }

struct Sizes {
  std::size_t head = 0;  // 0: the header is not whole
  std::uint64_t payload = 0;
};

Sizes sizes_of(Bytes wire) noexcept {
  if (wire.size() < 2) return {};
  const unsigned form = value_of(wire[1]) & 0x7F;
  const std::size_t extended = form < 126 ? 0 : (form == 126 ? 2 : 8);
  const std::size_t mask = (value_of(wire[1]) & 0x80) != 0 ? 4 : 0;
  if (wire.size() < 2 + extended + mask) return {};
  std::uint64_t length = extended == 0 ? form : 0;
  for (std::size_t i = 2; i < 2 + extended; ++i) length = length << 8 | value_of(wire[i]);
  return {.head = 2 + extended + mask, .payload = length};
}

}  // namespace

std::size_t first_frame_size(Bytes wire) noexcept {
  const Sizes sizes = sizes_of(wire);
  const bool whole = sizes.head > 0 && wire.size() - sizes.head >= sizes.payload;
  return whole ? sizes.head + static_cast<std::size_t>(sizes.payload) : 0;
}

std::vector<SentFrame> parse_sent(Bytes wire) {
  std::vector<SentFrame> frames;
  while (!wire.empty()) {
    const std::size_t size = first_frame_size(wire);
    require(size > 0, "the output is whole frames");
    const std::size_t head = sizes_of(wire).head;
    const unsigned first = value_of(wire[0]);
    SentFrame frame{.opcode = Opcode{static_cast<std::uint8_t>(first & 0x0F)},
                    .fin = (first & 0x80) != 0,
                    .rsv1 = (first & 0x40) != 0,
                    .payload = owned(wire.subspan(head, size - head)),
                    .wire = owned(wire.first(size))};
    const bool masked = (value_of(wire[1]) & 0x80) != 0;
    for (std::size_t i = 0; masked && i < frame.payload.size(); ++i) {
      frame.payload[i] ^= wire[head - 4 + i % 4];
    }
    frames.push_back(std::move(frame));
    wire = wire.subspan(size);
  }
  return frames;
}

}  // namespace wirespan::fuzz
