// frame_reader.hpp - frames of the implementation under test, checked against RFC 6455 §5.
#pragma once

#include <optional>

#include "wire/frame.hpp"

namespace conformance {

/// A violation by the implementation under test, and the close code for it.
struct Violation {
  std::uint16_t code = 1002;
  std::string what;
};

struct ReceivedFrame {
  std::uint8_t opcode = 0;
  bool fin = true;
  std::uint8_t rsv = 0;
  Octets payload;
};

class FrameReader {
 public:
  FrameReader(Role role, bool deflate) noexcept : role_(role), deflate_(deflate) {}

  void feed(std::string_view octets) { input_.append(octets); }
  /// Returns the next whole frame; nullopt if there is none or a rule was broken.
  [[nodiscard]] std::optional<ReceivedFrame> next();
  [[nodiscard]] const std::optional<Violation>& violation() const noexcept { return violation_; }

 private:
  struct Header {
    ReceivedFrame frame;
    std::uint64_t length = 0;
    std::size_t size = 0;
    std::uint32_t mask_key = 0;
  };
  [[nodiscard]] std::optional<Header> read_header();
  [[nodiscard]] bool read_length(Header& header, unsigned short_length);
  [[nodiscard]] std::optional<std::string> header_defect(unsigned first, unsigned second) const;
  void refuse(std::string what) { violation_ = Violation{1002, std::move(what)}; }
  void forget_consumed();

  Role role_;
  bool deflate_;
  Octets input_;
  std::size_t consumed_ = 0;
  std::optional<Violation> violation_;
};

}  // namespace conformance
