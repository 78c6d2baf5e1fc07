// deflate_cases.hpp - conversations with compression, and frames as a peer compresses them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "support/conversation.hpp"

namespace wirespan::test {

/// A frame of a message that came with RSV1, from payloads: whole, or cut into fragments of `size`.
inline ByteVector compressed_frames(unsigned opcode, Bytes payload, std::size_t size = SIZE_MAX) {
  ByteVector wire;
  bool first = true;
  do {
    const Bytes part = payload.first(std::min(size, payload.size()));
    payload = payload.subspan(part.size());
    const unsigned start = first ? 0x40 | opcode : 0;
    const ByteVector one = frame(start | (payload.empty() ? 0x80U : 0U), part);
    wire.insert(wire.end(), one.begin(), one.end());
    first = false;
  } while (!payload.empty());
  return wire;
}

/// Compression with the context kept, and nothing too short for it.
inline ConversationOptions compressing(DeflateContext context = DeflateContext::stream,
                                       const DeflateParameters& agreed = {}) {
  return {.deflate =
              DeflateOptions{.send_context = context, .receive_context = context, .threshold = 0},
          .agreed = agreed};
}

inline const DeflateParameters both_forget{.server_no_context_takeover = true,
                                           .client_no_context_takeover = true};

}  // namespace wirespan::test
