// frame_reader.cpp - parses frame headers and checks them.
#include "wire/frame_reader.hpp"

namespace conformance {

std::optional<std::string> FrameReader::header_defect(unsigned first, unsigned second) const {
  const unsigned code = first & 0x0f;
  const unsigned rsv = first >> 4 & 7;
  const bool control = (code & 8) != 0;
  const bool masked = (second & 0x80) != 0;
  if (masked != (role_ == Role::server)) {
    return masked ? "a server's frame is masked" : "a client's frame is not masked";
  }
  if ((rsv & 3) != 0 || (rsv == 4 && !deflate_)) return "reserved bits without an extension";
  if (rsv == 4 && (control || code == opcode::continuation)) {
    return "RSV1 on a control or continuation frame";
  }
  if ((code > 2 && code < 8) || code > 10) return "reserved opcode";
  if (control && (first & 0x80) == 0) return "fragmented control frame";
  if (control && (second & 0x7f) > 125) return "control frame of more than 125 octets";
  return std::nullopt;
}

bool FrameReader::read_length(Header& header, unsigned short_length) {
  header.length = short_length;
  if (short_length < 126) return true;
  const std::size_t octets = short_length == 126 ? 2 : 8;
  if (input_.size() - consumed_ < header.size + octets) return false;
  header.length = from_big_endian(std::string_view(input_).substr(consumed_ + header.size, octets));
  header.size += octets;
  if (header.length < (octets == 2 ? 126U : 65536U)) refuse("length is not minimal");
  if (header.length >> 63 != 0) refuse("length with the top bit set");
  return true;
}

std::optional<FrameReader::Header> FrameReader::read_header() {
  if (input_.size() - consumed_ < 2) return std::nullopt;
  const unsigned first = value_of(input_[consumed_]);
  const unsigned second = value_of(input_[consumed_ + 1]);
  if (auto defect = header_defect(first, second)) {
    refuse(std::move(*defect));
    return std::nullopt;
  }
  Header header;
  header.frame.fin = (first & 0x80) != 0;
  header.frame.rsv = static_cast<std::uint8_t>(first >> 4 & 7);
  header.frame.opcode = static_cast<std::uint8_t>(first & 0x0f);
  header.size = 2;
  if (!read_length(header, second & 0x7f) || violation_) return std::nullopt;
  if ((second & 0x80) != 0) {
    if (input_.size() - consumed_ < header.size + 4) return std::nullopt;
    header.mask_key = static_cast<std::uint32_t>(
        from_big_endian(std::string_view(input_).substr(consumed_ + header.size, 4)));
    header.size += 4;
  }
  return header;
}

void FrameReader::forget_consumed() {
  if (consumed_ < input_.size() && consumed_ < std::size_t{1} << 16) return;
  input_.erase(0, consumed_);
  consumed_ = 0;
}

std::optional<ReceivedFrame> FrameReader::next() {
  if (violation_) return std::nullopt;
  auto header = read_header();
  if (!header || input_.size() - consumed_ - header->size < header->length) return std::nullopt;
  ReceivedFrame frame = std::move(header->frame);
  frame.payload = input_.substr(consumed_ + header->size, static_cast<std::size_t>(header->length));
  if (role_ == Role::server) apply_mask(frame.payload, 0, header->mask_key);
  consumed_ += header->size + frame.payload.size();
  forget_consumed();
  return frame;
}

}  // namespace conformance
