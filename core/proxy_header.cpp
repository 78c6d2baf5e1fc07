// proxy_header.cpp - decodes the PROXY protocol: the line of version 1, the block of version 2.
#include <algorithm>

#include <wirespan/core/ascii.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/core/in_quotes.hpp>
#include <wirespan/core/limits.hpp>
#include <wirespan/core/numeric_address.hpp>
#include <wirespan/core/proxy_header.hpp>

namespace wirespan {
namespace {

constexpr std::string_view line_start = "PROXY ";
constexpr std::string_view signature("\r\n\r\n\0\r\nQUIT\n", 12);

// Version 2: the places behind the signature, and their values.
constexpr std::size_t command_at = 12;  // the version in the upper four bits
constexpr std::size_t family_at = 13;   // the transport in the lower four bits
constexpr std::size_t length_at = 14;   // two bytes: the size of all that follows
constexpr std::size_t block_at = 16;
constexpr unsigned version2_local = 0x20;
constexpr unsigned version2_proxy = 0x21;

/// A value of the family's byte, and the bytes that its addresses take.
struct AddressForm {
  unsigned family;
  std::size_t size;
};
constexpr std::array<AddressForm, 7> address_forms{{{.family = 0x00, .size = 0},
                                                    {.family = 0x11, .size = 12},
                                                    {.family = 0x12, .size = 12},
                                                    {.family = 0x21, .size = 36},
                                                    {.family = 0x22, .size = 36},
                                                    {.family = 0x31, .size = 216},
                                                    {.family = 0x32, .size = 216}}};

const AddressForm* form_of(unsigned family) noexcept {
  const auto* const found =
      std::find_if(address_forms.begin(), address_forms.end(),
                   [&](const AddressForm& form) { return form.family == family; });
  return found == address_forms.end() ? nullptr : found;
}

/// Removes the field up to the next space, with the space.
std::string_view next_field(std::string_view& line) noexcept {
  const std::string_view field = line.substr(0, line.find(' '));
  line.remove_prefix(std::min(field.size() + 1, line.size()));
  return field;
}

/// Parses a port of version 1: no leading zero.
std::optional<std::uint16_t> line_port(std::string_view text) noexcept {
  if (text.size() > 1 && text.front() == '0') return std::nullopt;
  const auto port = number_up_to(65535, text);
  return port ? std::optional(static_cast<std::uint16_t>(*port)) : std::nullopt;
}

/// Parses an address of version 1: of the family that the line names, without a zone.
std::optional<IpAddress> line_address(std::string_view text, bool is_v6) {
  const bool has_colon = text.find(':') != std::string_view::npos;
  if (has_colon != is_v6 || text.find('%') != std::string_view::npos) return std::nullopt;
  return IpAddress::parse(text);
}

/// Parses "192.0.2.1 192.0.2.2 4000 443": source and destination, of which the source is returned.
std::optional<IpEndpoint> line_client(std::string_view fields, bool is_v6) {
  if (std::count(fields.begin(), fields.end(), ' ') != 3) return std::nullopt;
  const auto source = line_address(next_field(fields), is_v6);
  const auto destination = line_address(next_field(fields), is_v6);
  const auto port = line_port(next_field(fields));
  if (!source || !destination || !port || !line_port(fields)) return std::nullopt;
  return IpEndpoint{.address = *source, .port = *port};
}

}  // namespace

unsigned ProxyHeaderDecoder::at(std::size_t index) const noexcept {
  return std::to_integer<unsigned>(head_[index]);
}

std::string_view ProxyHeaderDecoder::text() const noexcept {
  return wire_text(Bytes(head_).first(std::min(size_, head_.size())));
}

bool ProxyHeaderDecoder::is_binary() const noexcept {
  return size_ > 0 && text().front() == signature.front();
}

bool ProxyHeaderDecoder::is_local() const noexcept { return at(command_at) == version2_local; }

std::size_t ProxyHeaderDecoder::binary_size() const noexcept {
  return block_at + (at(length_at) << 8 | at(length_at + 1));
}

ProxyHeaderStep ProxyHeaderDecoder::fail(std::string_view detail) {
  detail_ = detail;
  return Failed{Errc::bad_proxy_header};
}

std::size_t ProxyHeaderDecoder::surely_left() const noexcept {
  if (size_ < signature.size()) return signature.size() - size_;  // a line is longer, too
  if (is_binary()) return size_ < block_at ? block_at - size_ : binary_size() - size_;
  const std::string_view line = text();
  if (line.ends_with('\r')) return 1;
  if (!line.starts_with("PROXY TCP")) return 2;  // CR and LF
  // Five spaces in all, at least one character behind each, CR and LF.
  const auto spaces = static_cast<std::size_t>(std::count(line.begin(), line.end(), ' '));
  return (spaces < 5 ? 2 * (5 - spaces) : 0) + (line.ends_with(' ') ? 3 : 2);
}

ProxyHeaderStep ProxyHeaderDecoder::feed(Bytes input) {
  for (std::size_t i = 0; i < input.size(); ++i) {
    ProxyHeaderStep step = take(input[i]);
    if (std::holds_alternative<NeedInput>(step)) continue;
    if (auto* header = std::get_if<ProxyHeader>(&step)) header->consumed = i + 1;
    return step;
  }
  return NeedInput{};
}

ProxyHeaderStep ProxyHeaderDecoder::take(std::byte byte) {
  if (size_ < head_.size()) head_[size_] = byte;
  ++size_;
  if (is_binary()) return take_binary();
  return take_line(static_cast<char>(byte));
}

ProxyHeaderStep ProxyHeaderDecoder::take_line(char last) {
  const std::string_view line = text();
  if (!line.starts_with(line_start.substr(0, line.size()))) {
    return fail("no PROXY header: the connection begins with " + in_quotes(line));
  }
  if (last == '\n') return finish_line();
  if (line.size() > 1 && line[line.size() - 2] == '\r') {
    return fail("CR without LF in the line of a PROXY header");
  }
  if (size_ == longest_line) return fail("the line of a PROXY header has more than 107 bytes");
  return NeedInput{};
}

/// The words behind UNKNOWN mean nothing.
ProxyHeaderStep ProxyHeaderDecoder::finish_line() {
  std::string_view line = text();
  if (!line.ends_with("\r\n")) return fail("LF without CR in the line of a PROXY header");
  line.remove_suffix(2);
  const std::string shown = in_quotes(line);
  line.remove_prefix(std::min(line_start.size(), line.size()));
  const std::string_view family = next_field(line);
  if (family == "UNKNOWN") return ProxyHeader{};
  const bool is_v6 = family == "TCP6";
  const auto client = is_v6 || family == "TCP4" ? line_client(line, is_v6) : std::nullopt;
  if (!client) return fail("not a line of a PROXY header: " + shown);
  return ProxyHeader{.client = client};
}

ProxyHeaderStep ProxyHeaderDecoder::take_binary() {
  if (size_ <= signature.size() && !signature.starts_with(text())) {
    return fail("no PROXY header: the connection begins with " + in_quotes(text()));
  }
  if (size_ < block_at) return NeedInput{};
  if (size_ == block_at) {
    if (const std::string_view defect = binary_defect(); !defect.empty()) return fail(defect);
  }
  return size_ < binary_size() ? ProxyHeaderStep(NeedInput{}) : finish_binary();
}

/// The family of LOCAL means nothing.
std::string_view ProxyHeaderDecoder::binary_defect() const noexcept {
  if (at(command_at) >> 4 != 2) return "a PROXY header of a version other than 1 and 2";
  if (binary_size() > limits::proxy_header_size) return "a PROXY header that is too long";
  if (is_local()) return {};
  if (at(command_at) != version2_proxy) return "a PROXY header with an unknown command";
  const AddressForm* const form = form_of(at(family_at));
  if (form == nullptr) return "a PROXY header with an unknown address family or transport";
  return binary_size() < block_at + form->size ? "a PROXY header that ends within its addresses"
                                               : std::string_view();
}

ProxyHeaderStep ProxyHeaderDecoder::finish_binary() {
  const Bytes block = Bytes(head_).subspan(block_at);
  const auto port_at = [&](std::size_t index) {
    return static_cast<std::uint16_t>(at(block_at + index) << 8 | at(block_at + index + 1));
  };
  const unsigned family = is_local() ? 0 : at(family_at) >> 4;
  if (family == 1) {
    return ProxyHeader{.client =
                           IpEndpoint{.address = IpAddress(block.first<IpAddress::ipv4_size>()),
                                      .port = port_at(2 * IpAddress::ipv4_size)}};
  }
  if (family == 2) {
    return ProxyHeader{.client = IpEndpoint{.address = IpAddress(block.first<IpAddress::size>()),
                                            .port = port_at(2 * IpAddress::size)}};
  }
  return ProxyHeader{};
}

}  // namespace wirespan
