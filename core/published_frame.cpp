// published_frame.cpp - encodes a message once as an unmasked frame. RFC 6455 §5.2.
#include <cassert>

#include <wirespan/core/frame.hpp>
#include <wirespan/core/published_frame.hpp>

namespace wirespan {

PublishedFrame::Ptr PublishedFrame::make(Opcode opcode, Bytes payload, std::string_view key) {
  assert(opcode == Opcode::text || opcode == Opcode::binary);
  const FrameHead head = make_frame_head({.payload_size = payload.size(), .opcode = opcode});
  std::vector<std::byte> bytes;
  bytes.reserve(head.size + payload.size());
  const Bytes header = head.bytes();
  bytes.insert(bytes.end(), header.begin(), header.end());
  bytes.insert(bytes.end(), payload.begin(), payload.end());
  return Ptr(new PublishedFrame(std::move(bytes), std::string(key)));
}

}  // namespace wirespan
