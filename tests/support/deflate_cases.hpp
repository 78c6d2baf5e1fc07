// deflate_cases.hpp - conversations with permessage-deflate, and frames as a peer compresses them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "support/conversation.hpp"

namespace wirespan::test {

/// Returns the frames of a message with RSV1 set in the first one: `payload` whole, or in fragments
/// of `size` bytes.
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

/// Returns options that compress every message (threshold 0) with the given context and parameters.
inline ConversationOptions compressing(DeflateContext context = DeflateContext::stream,
                                       const DeflateParameters& agreed = {}) {
  return {.deflate =
              DeflateOptions{.send_context = context, .receive_context = context, .threshold = 0},
          .agreed = agreed};
}

inline const DeflateParameters both_forget{.server_no_context_takeover = true,
                                           .client_no_context_takeover = true};

}  // namespace wirespan::test
