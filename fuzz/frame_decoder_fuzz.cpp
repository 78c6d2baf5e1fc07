// frame_decoder_fuzz.cpp - input cut anywhere gives the same frames, an accepted header is the one
// that the encoder writes, and every step of the decoder makes progress. RFC 6455 §5.2.
#include <system_error>

#include "frame_mutator.hpp"
#include "fuzz_input.hpp"
#include <wirespan/core/frame_decoder.hpp>

namespace wirespan::fuzz {
namespace {

struct Frame {
  FrameHeader header;
  OwnedBytes payload;  ///< Unmasked; the part that the input holds.
  bool finished = false;
  bool operator==(const Frame&) const = default;
};

struct Result {
  std::vector<Frame> frames;
  std::error_code error;
  bool between_frames = true;
  bool operator==(const Result&) const = default;
};

/// Runs one decoder over an input that comes in pieces.
class Run {
 public:
  Run(FrameRules rules, bool unmask_in_place) : decoder_(rules), in_place_(unmask_in_place) {}

  Result over(Bytes wire, Tape cuts) {
    std::size_t fed = 0;
    std::size_t pieces = 0;
    while (fed < wire.size() && !result_.error) {
      const ExactCopy piece(wire.subspan(fed, cuts.cut(wire.size() - fed)));
      fed += piece.get().size();
      ++pieces;
      digest(piece.get());
    }
    require(steps_ <= 2 * fed + pieces, "a step eats a byte, ends a piece or ends a frame");
    require(steps_ <= 4 * wire.size() + 4, "the steps are bounded by the bytes");
    result_.between_frames = decoder_.between_frames();
    return std::move(result_);
  }

 private:
  void digest(MutableBytes input) {
    while (true) {
      ++steps_;
      const Bytes before = input;
      FrameChunk chunk;
      switch (decoder_.next(input, chunk)) {
        case FrameDecoder::Status::need_more:
          require(input.empty(), "more is needed only when nothing is left");
          return;
        case FrameDecoder::Status::error:
          result_.error = decoder_.error();
          require(bool(result_.error), "an error has a reason");
          return;
        case FrameDecoder::Status::chunk:
          check_place(chunk, before, input);
          take(chunk);
      }
    }
  }

  void check_place(const FrameChunk& chunk, Bytes before, Bytes after) {
    require(chunk.payload.data() + chunk.payload.size() == after.data(),
            "the payload lies in the input, just before the rest");
    require(chunk.payload.size() <= before.size(), "and does not begin before it");
    require(chunk.last == (decoder_.remaining() == 0), "a frame ends when nothing remains");
    require(chunk.header == &decoder_.header(), "the header is the decoder's");
  }

  void take(const FrameChunk& chunk) {
    if (chunk.first) result_.frames.push_back({.header = *chunk.header, .payload = {}});
    require(!result_.frames.empty(), "a frame has a first chunk");
    Frame& frame = result_.frames.back();
    require(!frame.finished, "a frame has one last chunk");
    require(chunk.offset == frame.payload.size(), "the chunks of a frame follow each other");
    OwnedBytes plain(chunk.payload.size());
    if (in_place_) {
      unmask(chunk);
      plain = owned(chunk.payload);
    } else {
      copy_unmasked(plain, chunk);
    }
    frame.payload.insert(frame.payload.end(), plain.begin(), plain.end());
    frame.finished = chunk.last;
    require(frame.payload.size() <= frame.header.payload_size, "a payload is as long as promised");
  }

  FrameDecoder decoder_;
  bool in_place_;
  Result result_;
  std::size_t steps_ = 0;
};

/// Checks that the frames, encoded again, are the bytes of the input.
void check_encoding(const std::vector<Frame>& frames, Bytes wire) {
  for (const Frame& frame : frames) {
    std::array<std::byte, max_frame_header_size> header{};
    const std::size_t size = encode_frame_header(frame.header, header);
    require(size == frame_header_size(frame.header), "a header is as long as it says");
    require(size <= wire.size() && same_bytes(Bytes(header).first(size), wire.first(size)),
            "a header that was accepted is the one that would be written");
    wire = wire.subspan(size);
    if (!frame.finished) continue;
    ByteBuffer encoded;
    append_frame(encoded, frame.header, frame.payload);
    require(same_bytes(encoded.data().subspan(size), wire.first(frame.payload.size())),
            "a payload that was accepted is the one that would be written");
    wire = wire.subspan(frame.payload.size());
  }
}

}  // namespace
}  // namespace wirespan::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wirespan;
  using namespace wirespan::fuzz;
  FuzzInput input(data, size);
  const std::uint8_t setting = input.byte();
  const FrameRules rules{.receiver = (setting & 1) != 0 ? Role::client : Role::server,
                         .allow_rsv1 = (setting & 2) != 0};
  const bool in_place = (setting & 4) != 0;
  const Tape cuts = input.tape();
  const Bytes wire = input.rest();

  const Result whole = Run(rules, in_place).over(wire, Tape());
  const Result cut = Run(rules, !in_place).over(wire, cuts);
  require(whole.frames == cut.frames, "cutting does not change the frames");
  require(whole.error == cut.error, "cutting does not change the error");
  if (!whole.error) {
    require(whole.between_frames == cut.between_frames, "nor the place where the input ends");
  }
  check_encoding(whole.frames, wire);
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t most, unsigned seed) {
  return wirespan::fuzz::mutate_frames({data, size, most}, seed, 1);
}
