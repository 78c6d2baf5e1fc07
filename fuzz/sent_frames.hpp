// sent_frames.hpp - the output of a connection as a list of frames, for targets that follow each
// frame from the call that sends it to the write that takes it. RFC 6455 §5.2.
#pragma once

#include <string>

#include "fuzz_input.hpp"
#include <wirespan/core/opcode.hpp>

namespace wirespan::fuzz {

/// One frame of the output.
struct SentFrame {
  Opcode opcode = Opcode::continuation;
  bool fin = true;
  bool rsv1 = false;
  OwnedBytes payload{};  ///< Unmasked.
  OwnedBytes wire{};     ///< The whole frame, as it is written.
  std::string key{};     ///< Conflation key, which the wire does not show; empty: none.

  /// True for a text or binary message in one frame.
  [[nodiscard]] bool is_whole_message() const noexcept {
    return fin && !is_control(opcode) && opcode != Opcode::continuation;
  }
};

/// Parses output that must consist of whole frames; the library's decoder is not used.
[[nodiscard]] std::vector<SentFrame> parse_sent(Bytes wire);

/// Returns the size of the first frame of `wire`; 0 if it is not whole.
[[nodiscard]] std::size_t first_frame_size(Bytes wire) noexcept;

}  // namespace wirespan::fuzz
