// message_reader.hpp - joins frames to messages and checks the order of fragments, compression and
// UTF-8. RFC 6455 §5.4, §8.1, RFC 7692 §6.2.
#pragma once

#include <memory>
#include <optional>

#include "wire/deflate.hpp"
#include "wire/frame_reader.hpp"
#include "wire/utf8.hpp"

namespace conformance {

struct ReceivedMessage {
  Octets payload;
  bool binary = false;
};

class MessageReader {
 public:
  explicit MessageReader(const std::optional<DeflateSide>& peer);

  /// Returns the message that this data frame completes; nullopt if none, or if a rule was broken.
  [[nodiscard]] std::optional<ReceivedMessage> add(ReceivedFrame frame);
  [[nodiscard]] const std::optional<Violation>& violation() const noexcept { return violation_; }

 private:
  [[nodiscard]] bool in_order(const ReceivedFrame& frame);
  [[nodiscard]] std::optional<ReceivedMessage> finish();

  std::unique_ptr<Decompressor> decompressor_;
  bool open_ = false;
  bool compressed_ = false;
  ReceivedMessage message_;
  std::optional<Violation> violation_;
};

}  // namespace conformance
