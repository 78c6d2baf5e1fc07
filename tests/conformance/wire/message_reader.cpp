// message_reader.cpp - joins, inflates and validates messages.
#include "wire/message_reader.hpp"

namespace conformance {

MessageReader::MessageReader(const std::optional<DeflateSide>& peer)
    : decompressor_(peer ? std::make_unique<Decompressor>(*peer) : nullptr) {}

bool MessageReader::in_order(const ReceivedFrame& frame) {
  const bool continues = frame.opcode == opcode::continuation;
  if (continues == open_) return true;
  violation_ = Violation{
      1002, continues ? "continuation of nothing" : "new message within a fragmented one"};
  return false;
}

std::optional<ReceivedMessage> MessageReader::add(ReceivedFrame frame) {
  if (violation_ || !in_order(frame)) return std::nullopt;
  if (!open_) {
    message_ = {.payload = {}, .binary = frame.opcode == opcode::binary};
    compressed_ = frame.rsv == 4;
  }
  open_ = !frame.fin;
  if (message_.payload.empty()) {
    message_.payload = std::move(frame.payload);
  } else {
    message_.payload.append(frame.payload);
  }
  if (open_) return std::nullopt;
  return finish();
}

std::optional<ReceivedMessage> MessageReader::finish() {
  if (compressed_) {
    auto plain = decompressor_->decompress(message_.payload);
    if (!plain) {
      violation_ = Violation{1007, "data that does not inflate within the agreed window"};
      return std::nullopt;
    }
    message_.payload = std::move(*plain);
  }
  if (!message_.binary && !is_utf8(message_.payload)) {
    violation_ = Violation{1007, "text that is not UTF-8"};
    return std::nullopt;
  }
  return std::move(message_);
}

}  // namespace conformance
