// published_frame.cpp - encodes a message apart from others, masked or not. RFC 6455 §5.2, §5.3.
#include <cassert>

#include <wirespan/core/published_frame.hpp>

namespace wirespan {

PublishedFrame::Ptr PublishedFrame::make(Opcode opcode, Bytes payload, std::string_view key) {
  return encode({.payload_size = payload.size(), .opcode = opcode}, payload, key);
}

PublishedFrame::Ptr PublishedFrame::make_masked(Opcode opcode, Bytes payload, MaskKey mask,
                                                std::string_view key) {
  return encode({.payload_size = payload.size(), .mask = mask, .opcode = opcode, .masked = true},
                payload, key);
}

PublishedFrame::Ptr PublishedFrame::encode(const FrameHeader& header, Bytes payload,
                                           std::string_view key) {
  assert(header.opcode == Opcode::text || header.opcode == Opcode::binary);
  const FrameHead head = make_frame_head(header);
  std::vector<std::byte> bytes;
  bytes.reserve(head.size + payload.size());
  const Bytes encoded = head.bytes();
  bytes.insert(bytes.end(), encoded.begin(), encoded.end());
  bytes.insert(bytes.end(), payload.begin(), payload.end());
  if (header.masked) apply_mask(MutableBytes(bytes).subspan(head.size), header.mask);
  return Ptr(new PublishedFrame(std::move(bytes), std::string(key)));
}

}  // namespace wirespan
