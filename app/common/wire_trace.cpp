// wire_trace.cpp - splits a byte stream into HTTP heads and frames, and logs each of them.
#include <wirespan/app/common/wire_trace.hpp>
#include <wirespan/app/frame.hpp>
#include <wirespan/app/log.hpp>
#include <wirespan/core/frame.hpp>

namespace wirespan {

void WireTrace::Direction::follow(std::string_view bytes) {
  if (!is_trace_enabled() || body_) return;
  rest_ += bytes;
  while (!body_ && (frames_ ? take_frame() : take_head())) {
  }
}

bool WireTrace::Direction::take_head() {
  const std::size_t end = rest_.find("\r\n\r\n");
  if (end == std::string::npos) return false;
  const std::string head = rest_.substr(0, end + 2);
  rest_.erase(0, end + 4);
  const bool is_response = head.starts_with("HTTP/");
  dump(is_response ? "response header" : "request header", head);
  frames_ = !is_response || head.substr(8, 4) == " 101";
  // Another head follows an informational response. RFC 9110 §15.2.
  const bool is_informational = is_response && head.substr(8, 2) == " 1";
  body_ = !frames_ && !is_informational;
  return true;
}

bool WireTrace::Direction::take_frame() {
  FrameHeader header;
  const std::size_t header_size = parse_frame_header(wire_bytes(rest_), header);
  if (header_size == 0 || header.payload_size > rest_.size() - header_size) return false;
  const std::size_t size = header_size + static_cast<std::size_t>(header.payload_size);
  const std::string raw = rest_.substr(0, size);
  rest_.erase(0, size);
  const std::string prefix = "++" + std::string(word_);
  trace(prefix + " raw: " + escaped(raw));
  std::string data = raw.substr(header_size);
  if (header.masked) data = Frame::mask(header.mask, data);
  const Frame frame{.opcode = header.opcode,
                    .fin = header.fin,
                    .rsv1 = header.rsv1,
                    .rsv2 = header.rsv2,
                    .rsv3 = header.rsv3,
                    .data = std::move(data)};
  trace(prefix + " decoded: " + frame.to_string());
  return true;
}

}  // namespace wirespan
