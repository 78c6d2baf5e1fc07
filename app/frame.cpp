// frame.cpp - Frame: encoding, masking, validation and text. RFC 6455 §5.2, §5.3, §5.5.1.
#include <ostream>

#include <wirespan/app/frame.hpp>
#include <wirespan/core/ascii.hpp>
#include <wirespan/core/byte_buffer.hpp>
#include <wirespan/core/close_code.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/core/frame.hpp>
#include <wirespan/core/utf8.hpp>

namespace wirespan {
namespace {

FrameHeader header_of(const Frame& frame) noexcept {
  return {.payload_size = frame.data.size(),
          .opcode = frame.opcode,
          .fin = frame.fin,
          .rsv1 = frame.rsv1,
          .rsv2 = frame.rsv2,
          .rsv3 = frame.rsv3};
}

std::string formatted(const FrameHeader& header, std::string_view data) {
  ByteBuffer out;
  append_frame(out, header, wire_bytes(data));
  return std::string(wire_text(out.data()));
}

/// Returns the defect in the body of a Close frame. RFC 6455 §5.5.1, §7.4.
std::error_code validate_close(std::string_view data, bool skip_utf8_validation) {
  if (data.empty()) return {};
  if (data.size() == 1) return Errc::short_close_payload;
  const auto code = load_big_endian<std::uint16_t>(wire_bytes(data).first<2>());
  if (!may_be_on_the_wire(CloseCode{code})) return Errc::invalid_close_code;
  const bool valid = skip_utf8_validation || is_valid_utf8(wire_bytes(data.substr(2)));
  return valid ? std::error_code{} : Errc::invalid_close_reason;
}

}  // namespace

Frame Frame::create_frame(std::string_view data, Opcode opcode, bool fin) {
  return {.opcode = opcode, .fin = fin, .data = std::string(data)};
}

std::string Frame::format() const { return formatted(header_of(*this), data); }

std::string Frame::format(MaskKey key) const {
  FrameHeader header = header_of(*this);
  header.masked = true;
  header.mask = key;
  return formatted(header, data);
}

std::string Frame::mask(MaskKey key, std::string_view data) {
  std::string masked(data);
  apply_mask(std::as_writable_bytes(std::span(masked)), key);
  return masked;
}

std::error_code Frame::validate(bool skip_utf8_validation) const {
  const auto error = check_frame_header(header_of(*this), {.receiver = Role::client});
  if (error || opcode != Opcode::close) return error;
  return validate_close(data, skip_utf8_validation);
}

std::size_t Frame::wire_size() const noexcept {
  FrameHeader header = header_of(*this);
  header.masked = true;
  return frame_header_size(header) + data.size();
}

std::string Frame::to_string() const {
  return "fin=" + std::to_string(fin ? 1 : 0) +
         " opcode=" + std::to_string(static_cast<int>(opcode)) + " data=" + escaped(data);
}

std::ostream& operator<<(std::ostream& out, const Frame& frame) { return out << frame.to_string(); }

std::string escaped(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text = "b'";
  for (const char c : bytes) {
    const auto value = static_cast<unsigned char>(c);
    if (c == '\\' || c == '\'') {
      text.append({'\\', c});
    } else if (c == '\r') {
      text += "\\r";
    } else if (c == '\n') {
      text += "\\n";
    } else if (c == '\t') {
      text += "\\t";
    } else if (c == ' ' || is_visible(c)) {
      text.push_back(c);
    } else {
      text.append({'\\', 'x', digits[value >> 4], digits[value & 0xF]});
    }
  }
  return text + "'";
}

}  // namespace wirespan
