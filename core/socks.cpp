// socks.cpp - asks a SOCKS proxy of version 4, 4a or 5 for a tunnel. RFC 1928, RFC 1929.
#include <algorithm>
#include <array>
#include <utility>

#include <wirespan/core/error.hpp>
#include <wirespan/core/proxy_handshake.hpp>
#include <wirespan/core/url.hpp>

namespace wirespan {
namespace {

// The numbers of RFC 1928 §3 to §6, RFC 1929 §2 and of SOCKS 4.
constexpr unsigned version4 = 4;
constexpr unsigned version5 = 5;
constexpr unsigned command_connect = 1;
constexpr unsigned method_none = 0;
constexpr unsigned method_password = 2;
constexpr unsigned no_acceptable_method = 0xFF;
constexpr unsigned password_version = 1;
constexpr unsigned type_ipv4 = 1;
constexpr unsigned type_name = 3;
constexpr unsigned type_ipv6 = 4;
constexpr unsigned reply4_granted = 90;
constexpr unsigned reply4_other_user = 93;
constexpr std::size_t reply4_size = 8;

constexpr std::size_t longest_host = 255;

using Address = std::vector<std::byte>;

bool is_version4(ProxyType type) noexcept {
  return type == ProxyType::socks4 || type == ProxyType::socks4a;
}

/// Returns the IPv4 address inside of an IPv4-mapped IPv6 address; any other address as it is.
/// RFC 4291 §2.5.5.2.
Address without_mapping(Address address) {
  constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  const bool is_mapped = address.size() == 16 &&
                         std::equal(mapped.begin(), mapped.end(), address.begin(),
                                    [](std::uint8_t a, std::byte b) { return std::byte{a} == b; });
  if (is_mapped) address.erase(address.begin(), address.begin() + 12);
  return address;
}

/// Returns the address that is sent; empty if the name is.
Address address_to_send(const ProxyTarget& target, ProxyType type) {
  Address address = target.address;
  if (address.empty()) address = numeric_address(target.host).value_or(Address{});
  return is_version4(type) ? without_mapping(std::move(address)) : address;
}

/// True for 0.0.0.x, by which SOCKS 4a says that a name follows.
bool announces_name(const Address& address) noexcept {
  return address.size() == 4 && address[3] != std::byte{0} &&
         std::all_of(address.begin(), address.begin() + 3,
                     [](std::byte byte) { return byte == std::byte{0}; });
}

void append_byte(std::string& text, std::size_t value) {
  text += static_cast<char>(static_cast<unsigned char>(value));
}

void append_port(std::string& text, std::uint16_t port) {
  append_byte(text, port >> 8);
  append_byte(text, port & 0xFFU);
}

void append_with_length(std::string& text, std::string_view value) {
  append_byte(text, value.size());
  text.append(value);
}

std::string request4(const Proxy& proxy, const ProxyTarget& target) {
  std::string text;
  append_byte(text, version4);
  append_byte(text, command_connect);
  append_port(text, target.port);
  const bool by_name = target.address.empty();
  const std::string_view name_follows("\0\0\0\1", 4);
  text.append(by_name ? name_follows : wire_text(target.address));
  if (proxy.credentials) text.append(proxy.credentials->user);
  text += '\0';
  if (by_name) text.append(target.host).push_back('\0');
  return text;
}

/// RFC 1928 §3.
std::string method_offer(const Proxy& proxy) {
  std::string text;
  append_byte(text, version5);
  append_byte(text, proxy.credentials ? 2 : 1);
  append_byte(text, method_none);
  if (proxy.credentials) append_byte(text, method_password);
  return text;
}

/// RFC 1929 §2.
std::string password_request(const Credentials& credentials) {
  std::string text;
  append_byte(text, password_version);
  append_with_length(text, credentials.user);
  append_with_length(text, credentials.password);
  return text;
}

/// RFC 1928 §4.
std::string request5(const ProxyTarget& target) {
  std::string text;
  append_byte(text, version5);
  append_byte(text, command_connect);
  append_byte(text, 0);
  if (target.address.empty()) {
    append_byte(text, type_name);
    append_with_length(text, target.host);
  } else {
    append_byte(text, target.address.size() == 4 ? type_ipv4 : type_ipv6);
    text.append(wire_text(target.address));
  }
  append_port(text, target.port);
  return text;
}

/// The meaning of REP. RFC 1928 §6.
std::string_view reply_meaning(unsigned code) noexcept {
  constexpr std::array<std::string_view, 9> meanings{"succeeded",
                                                     "general SOCKS server failure",
                                                     "connection not allowed by ruleset",
                                                     "network unreachable",
                                                     "host unreachable",
                                                     "connection refused",
                                                     "TTL expired",
                                                     "command not supported",
                                                     "address type not supported"};
  return code < meanings.size() ? meanings[code] : "unassigned code";
}

std::string_view reply4_meaning(unsigned code) noexcept {
  constexpr std::array<std::string_view, 3> meanings{"request rejected or failed",
                                                     "the proxy cannot reach identd on the client",
                                                     "identd on the client names another user"};
  return meanings[code - reply4_granted - 1];
}

/// Explains a first byte that is not `expected`, the version.
std::string describe_no_socks(unsigned byte, std::string_view expected) {
  if (byte == 'H') return "the proxy answers with HTTP, not with SOCKS";
  return "byte " + std::to_string(byte) + " where an answer of " + std::string(expected) +
         " begins";
}

std::string_view target_defect(const Proxy& proxy, const ProxyTarget& target) {
  if (target.host.size() > longest_host) return "host for the proxy is longer than 255 bytes";
  if (target.port == 0) return "port for the proxy is missing";
  if (!is_valid_authority(connect_authority(target))) return "host for the proxy is malformed";
  if (speaks_http(proxy.type)) return {};
  const Address address = address_to_send(target, proxy.type);
  if (address.empty()) {
    return resolves_at_proxy(proxy.type) ? std::string_view() : "host was not looked up";
  }
  if (address.size() != 4 && address.size() != 16) return "address has neither 4 nor 16 bytes";
  if (!is_version4(proxy.type)) return {};
  if (address.size() != 4) return "SOCKS4 cannot reach an IPv6 address";
  return announces_name(address) ? "SOCKS4 cannot reach an address of 0.0.0.0/24"
                                 : std::string_view();
}

}  // namespace

std::error_code check_proxy_target(const Proxy& proxy, const ProxyTarget& target,
                                   std::string* detail) {
  const std::string_view defect = target_defect(proxy, target);
  if (defect.empty()) return {};
  if (detail != nullptr) *detail = defect;
  return Errc::invalid_proxy;
}

SocksConnect::SocksConnect(const Proxy& proxy, ProxyTarget target)
    : proxy_(proxy),
      target_(std::move(target)),
      awaiting_(is_version4(proxy.type) ? Awaiting::reply4 : Awaiting::method) {
  target_.address = address_to_send(target_, proxy_.type);
}

std::string SocksConnect::first_bytes() const {
  return is_version4(proxy_.type) ? request4(proxy_, target_) : method_offer(proxy_);
}

/// Takes one byte after the other: an answer is short, and a defect is told as soon as it is there.
ProxyStep SocksConnect::feed(Bytes input) {
  for (std::size_t consumed = 0; consumed < input.size();) {
    answer_[size_++] = input[consumed++];
    if (const auto error = check_answer()) return Failed{error};
    if (size_ < answer_size()) continue;
    if (awaiting_ == Awaiting::reply || awaiting_ == Awaiting::reply4) {
      return TunnelOpen{.consumed = consumed};
    }
    if (consumed < input.size()) {
      return Failed{fail(Errc::proxy_protocol_error, "the proxy answers before it is asked")};
    }
    return next_request();
  }
  return NeedInput{};
}

/// Returns the size of the answer, or a smaller one while the bytes that tell it are missing.
std::size_t SocksConnect::answer_size() const noexcept {
  if (awaiting_ == Awaiting::reply4) return reply4_size;
  if (awaiting_ != Awaiting::reply) return 2;
  constexpr std::size_t fixed = 4;  // version, reply, reserved, type of the address
  constexpr std::size_t port = 2;
  if (size_ <= fixed) return fixed + 1;
  if (at(3) == type_ipv4) return fixed + 4 + port;
  if (at(3) == type_ipv6) return fixed + 16 + port;
  return fixed + 1 + at(fixed) + port;
}

/// Judges the last byte of the answer so far.
std::error_code SocksConnect::check_answer() {
  switch (awaiting_) {
    case Awaiting::method:
      return check_method();
    case Awaiting::password_verdict:
      return check_password_verdict();
    case Awaiting::reply:
      return check_reply();
    case Awaiting::reply4:
      return check_reply4();
  }
  return {};
}

std::error_code SocksConnect::check_method() {
  if (size_ == 1) {
    if (at(0) == version5) return {};
    return fail(Errc::proxy_protocol_error, describe_no_socks(at(0), "SOCKS5"));
  }
  const unsigned method = at(1);
  if (method == no_acceptable_method) {
    return fail(Errc::proxy_auth_required, "the proxy accepts none of the methods offered");
  }
  if (method == method_none || (method == method_password && proxy_.credentials)) return {};
  return fail(Errc::proxy_protocol_error,
              "the proxy chose method " + std::to_string(method) + ", which was not offered");
}

std::error_code SocksConnect::check_password_verdict() {
  if (size_ == 1) {
    if (at(0) == password_version) return {};
    return fail(Errc::proxy_protocol_error, describe_no_socks(at(0), "RFC 1929"));
  }
  if (at(1) == 0) return {};
  return fail(Errc::proxy_auth_required, "the proxy refuses user or password");
}

std::error_code SocksConnect::check_reply() {
  if (size_ == 1 && at(0) != version5) {
    return fail(Errc::proxy_protocol_error, describe_no_socks(at(0), "SOCKS5"));
  }
  if (size_ == 2 && at(1) != 0) {
    return fail(Errc::proxy_refused,
                "SOCKS reply " + std::to_string(at(1)) + ": " + std::string(reply_meaning(at(1))));
  }
  if (size_ == 3 && at(2) != 0) {
    return fail(Errc::proxy_protocol_error, "reserved byte of the SOCKS reply is not 0");
  }
  const bool unknown_type =
      size_ == 4 && at(3) != type_ipv4 && at(3) != type_name && at(3) != type_ipv6;
  if (!unknown_type) return {};
  return fail(Errc::proxy_protocol_error,
              "unknown type " + std::to_string(at(3)) + " of the address in the SOCKS reply");
}

std::error_code SocksConnect::check_reply4() {
  if (size_ == 1 && at(0) != 0) {
    return fail(Errc::proxy_protocol_error, describe_no_socks(at(0), "SOCKS4"));
  }
  if (size_ != 2 || at(1) == reply4_granted) return {};
  const unsigned code = at(1);
  std::string text = "SOCKS4 reply " + std::to_string(code);
  if (code < reply4_granted || code > reply4_other_user) {
    return fail(Errc::proxy_protocol_error, text + ": unknown code");
  }
  text.append(": ").append(reply4_meaning(code));
  return fail(code == reply4_other_user ? Errc::proxy_auth_required : Errc::proxy_refused,
              std::move(text));
}

std::error_code SocksConnect::fail(std::error_code error, std::string detail) {
  detail_ = std::move(detail);
  return error;
}

unsigned SocksConnect::at(std::size_t index) const noexcept {
  return std::to_integer<unsigned>(answer_[index]);
}

/// Returns the request that follows an accepted answer of SOCKS5, and awaits its answer.
ProxyStep SocksConnect::next_request() {
  const bool password = awaiting_ == Awaiting::method && at(1) == method_password;
  size_ = 0;
  awaiting_ = password ? Awaiting::password_verdict : Awaiting::reply;
  return ProxySend{password ? password_request(*proxy_.credentials) : request5(target_)};
}

}  // namespace wirespan
