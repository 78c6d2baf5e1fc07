// frame_mutator.cpp - takes a stream apart into frames, changes some, and writes them again.
// RFC 6455 §5.2, §5.4.
#include "frame_mutator.hpp"

#include <optional>
#include <utility>

#include "mutation.hpp"

namespace wirespan::fuzz {
namespace {

constexpr std::array<std::byte, 4> usual_key{std::byte{0x37}, std::byte{0xFA}, std::byte{0x21},
                                             std::byte{0x3D}};

unsigned value_of(std::byte byte) { return std::to_integer<unsigned>(byte); }

/// One frame with its payload unmasked.
struct Frame {
  unsigned first = 0x82;  // FIN, RSV1 to RSV3 and opcode
  bool masked = false;
  std::array<std::byte, 4> key = usual_key;
  unsigned form = 0;                         // of the length: 126 or 127; below: the shortest one
  std::optional<std::uint64_t> announced{};  // a length that is not the payload's
  OwnedBytes payload{};

  [[nodiscard]] bool is_control() const noexcept { return (first & 0x08) != 0; }
};
using Frames = std::vector<Frame>;

/// Takes one frame off the front of `wire`; false if no whole header is left.
bool take_frame(Bytes& wire, Frame& frame) {
  if (wire.size() < 2) return false;
  frame.first = value_of(wire[0]);
  frame.masked = (value_of(wire[1]) & 0x80) != 0;
  const unsigned form = value_of(wire[1]) & 0x7F;
  const std::size_t extended = form < 126 ? 0 : (form == 126 ? 2 : 8);
  const std::size_t head = 2 + extended + (frame.masked ? 4 : 0);
  if (wire.size() < head) return false;
  std::uint64_t length = extended == 0 ? form : 0;
  for (std::size_t i = 2; i < 2 + extended; ++i) length = length << 8 | value_of(wire[i]);
  if (frame.masked) std::copy_n(wire.subspan(2 + extended).begin(), 4, frame.key.begin());
  const Bytes rest = wire.subspan(head);
  const bool is_whole = rest.size() >= length;
  frame.payload = owned(is_whole ? rest.first(static_cast<std::size_t>(length)) : rest);
  if (!is_whole) frame.announced = length;
  frame.form = form >= 126 ? form : 0;
  for (std::size_t i = 0; frame.masked && i < frame.payload.size(); ++i) {
    frame.payload[i] ^= frame.key[i % 4];
  }
  wire = rest.subspan(frame.payload.size());
  return true;
}

void write_length(OwnedBytes& out, std::uint64_t length, std::size_t bytes) {
  for (std::size_t i = bytes; i-- > 0;) {
    out.push_back(std::byte{static_cast<std::uint8_t>(length >> 8 * i)});
  }
}

void write_frame(OwnedBytes& out, const Frame& frame) {
  const std::uint64_t length = frame.announced.value_or(frame.payload.size());
  const unsigned least = length < 126 ? 0 : (length < 65536 ? 126 : 127);
  const unsigned form = std::max(frame.form, least);
  const auto short_length = static_cast<unsigned>(form == 0 ? length : form);
  out.push_back(std::byte{static_cast<std::uint8_t>(frame.first)});
  out.push_back(std::byte{static_cast<std::uint8_t>(short_length | (frame.masked ? 0x80U : 0U))});
  if (form == 126) write_length(out, length, 2);
  if (form == 127) write_length(out, length, 8);
  if (frame.masked) out.insert(out.end(), frame.key.begin(), frame.key.end());
  for (std::size_t i = 0; i < frame.payload.size(); ++i) {
    out.push_back(frame.masked ? frame.payload[i] ^ frame.key[i % 4] : frame.payload[i]);
  }
}

/// A stream of frames, and the bytes at its end that are none.
class FrameStream {
 public:
  FrameStream(Bytes wire, Choices& choices) : choices_(choices) {
    Frame frame;
    while (take_frame(wire, frame)) frames_.push_back(std::exchange(frame, Frame()));
    rest_ = owned(wire);
  }

  [[nodiscard]] OwnedBytes wire() const {
    OwnedBytes out;
    for (const Frame& frame : frames_) write_frame(out, frame);
    out.insert(out.end(), rest_.begin(), rest_.end());
    return out;
  }

  void mutate() {
    const std::size_t choice = choices_.below(14);
    if (frames_.empty() || choice < 3) return insert();
    const std::size_t at = choices_.below(frames_.size());
    if (choice < 7) return rearrange(choice, at);
    if (choice < 10) return change_payload(choice, frames_[at]);
    change_header(frames_[at]);
  }

 private:
  [[nodiscard]] Frames::iterator place(std::size_t index) {
    return frames_.begin() + static_cast<std::ptrdiff_t>(index);
  }

  /// A new frame is masked as its neighbours are.
  void insert() {
    constexpr std::array<unsigned, 12> firsts{0x81, 0x82, 0x89, 0x8A, 0x88, 0x01,
                                              0x02, 0x80, 0x00, 0x89, 0xC1, 0x83};
    constexpr std::array<std::size_t, 10> sizes{0, 1, 2, 3, 8, 125, 126, 127, 200, 300};
    const std::size_t at = choices_.below(frames_.size() + 1);
    Frame frame{.first = firsts[choices_.below(firsts.size())]};
    frame.masked = frames_.empty() ? choices_.below(2) == 0 : frames_.front().masked;
    frame.payload.assign(sizes[choices_.below(sizes.size())], std::byte{'a'});
    if ((frame.first & 0x0F) == 8 && frame.payload.size() >= 2) {
      frame.payload[0] = std::byte{0x03};  // close code 1000 to 1015
      frame.payload[1] = std::byte{static_cast<std::uint8_t>(0xE8 + choices_.below(16))};
    }
    if (frame.is_control() && choices_.below(8) != 0) {
      frame.payload.resize(std::min<std::size_t>(frame.payload.size(), 125));
    }
    frames_.insert(place(at), std::move(frame));
  }

  void rearrange(std::size_t choice, std::size_t at) {
    if (choice == 3) {
      frames_.erase(place(at));
    } else if (choice == 4) {
      const Frame copy = frames_[at];
      frames_.insert(place(choices_.below(frames_.size() + 1)), copy);
    } else if (choice == 5) {
      std::swap(frames_[at], frames_[choices_.below(frames_.size())]);
    } else {
      split(at);
    }
  }

  /// Makes two fragments of one frame. §5.4.
  void split(std::size_t at) {
    Frame& head = frames_[at];
    const std::size_t cut = choices_.below(head.payload.size() + 1);
    Frame tail = head;
    tail.first = (head.first & 0x80) | (head.is_control() ? head.first & 0x0F : 0);
    tail.payload.erase(tail.payload.begin(),
                       tail.payload.begin() + static_cast<std::ptrdiff_t>(cut));
    head.payload.resize(cut);
    head.announced.reset();
    if (!head.is_control()) head.first &= 0x7F;
    frames_.insert(place(at + 1), std::move(tail));
  }

  void change_payload(std::size_t choice, Frame& frame) {
    constexpr std::array<std::size_t, 8> sizes{0, 1, 2, 124, 125, 126, 127, 1000};
    if (choice == 7) {
      frame.payload.resize(sizes[choices_.below(sizes.size())], std::byte{'b'});
    } else {
      frame.payload = mutated_by_fuzzer(std::move(frame.payload), 16);
    }
    frame.announced.reset();
  }

  void change_header(Frame& frame) {
    constexpr std::array<unsigned, 8> opcodes{0, 1, 2, 8, 9, 10, 3, 11};
    constexpr std::array<unsigned, 3> forms{0, 126, 127};
    constexpr std::array<std::uint64_t, 8> lengths{
        0, 125, 126, 65535, 65536, std::uint64_t{1} << 32, std::uint64_t{1} << 63, UINT64_MAX};
    switch (choices_.below(7)) {
      case 0:
        frame.first = (frame.first & 0xF0) | opcodes[choices_.below(opcodes.size())];
        break;
      case 1:
        frame.first ^= 0x80;
        break;
      case 2:
        frame.first ^= 0x10U << choices_.below(3);
        break;
      case 3:
        frame.masked = !frame.masked;
        break;
      case 4:
        frame.key[choices_.below(4)] = choices_.byte();
        break;
      case 5:
        frame.form = forms[choices_.below(forms.size())];
        break;
      default:
        frame.announced = lengths[choices_.below(lengths.size())];
    }
  }

  Choices& choices_;
  Frames frames_;
  OwnedBytes rest_;
};

}  // namespace

std::size_t mutate_frames(MutableInput input, unsigned seed, std::size_t settings) {
  Choices choices(seed);
  if (choices.below(4) == 0) return LLVMFuzzerMutate(input.data, input.size, input.most);
  InputParts parts(input, settings);
  if (!mutated_choices(parts, choices)) {
    FrameStream stream(parts.bytes, choices);
    for (std::size_t i = choices.below(3) + 1; i > 0; --i) stream.mutate();
    parts.bytes = stream.wire();
  }
  return parts.write_to(input);
}

}  // namespace wirespan::fuzz
