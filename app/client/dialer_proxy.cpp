// dialer_proxy.cpp - the part of an attempt that talks to a proxy. RFC 9110 §9.3.6, RFC 1928.
#include <algorithm>
#include <array>
#include <utility>

#include <wirespan/app/client/dialer.hpp>
#include <wirespan/app/log.hpp>
#include <wirespan/core/ascii.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/tls/hash.hpp>

namespace wirespan {
namespace {

/// 32 random hexadecimal digits, for the cnonce of Digest; empty if there is no randomness.
std::string random_digits(net::SecureRandom& random) {
  std::array<std::byte, 16> bytes;
  if (!random.fill(bytes)) return {};
  std::string digits;
  for (const std::byte byte : bytes) {
    digits += "0123456789abcdef"[std::to_integer<unsigned>(byte) >> 4];
    digits += "0123456789abcdef"[std::to_integer<unsigned>(byte) & 15];
  }
  return digits;
}

/// True if the proxy says that only the nonce was too old: the credentials were right.
bool is_stale(const ProxyRefused& refusal) {
  return std::any_of(refusal.challenges.begin(), refusal.challenges.end(),
                     [](const AuthChallenge& challenge) {
                       const std::string* stale = challenge.find("stale");
                       return stale != nullptr && equal_ignoring_case(*stale, "true");
                     });
}

}  // namespace

/// Asks the proxy for a tunnel to the server.
void Dialer::open_tunnel() {
  const Proxy& proxy = *plan_.proxy;
  step_ = Step::tunnelling;
  std::string detail;
  if (const auto error = check_proxy_target(proxy, target_, &detail)) {
    return fail(error, std::move(detail));
  }
  trace("asking the proxy for " + connect_authority(target_));
  if (speaks_http(proxy.type)) {
    std::string authorization = authorization_;
    if (authorization.empty() && proxy.credentials) {
      authorization = basic_authorization(*proxy.credentials);
    }
    proxy_.emplace(std::in_place_type<HttpConnect>, target_, std::move(authorization));
  } else {
    proxy_.emplace(std::in_place_type<SocksConnect>, proxy, target_);
  }
  const std::string first =
      std::visit([](const auto& conversation) { return conversation.first_bytes(); }, *proxy_);
  output_.append(wire_bytes(first));
  talk_to_proxy();
}

/// Writes to the proxy and reads its answers until the transport would block.
void Dialer::talk_to_proxy() {
  std::array<std::byte, limits::head_size> buffer;
  while (step_ == Step::tunnelling) {
    if (!write_output()) return;
    const auto result = transport_->read_some(buffer);
    if (result.would_block()) return wait_for(result.status);
    if (result.status == net::IoStatus::eof) return fail(Errc::connection_lost);
    if (!result.is_ok()) return fail(result.error);
    take_proxy_answer(Bytes(buffer).first(result.bytes));
  }
}

void Dialer::take_proxy_answer(Bytes input) {
  ProxyStep step =
      std::visit([&](auto& conversation) { return conversation.feed(input); }, *proxy_);
  if (const auto* send = std::get_if<ProxySend>(&step)) {
    output_.append(wire_bytes(send->bytes));
  } else if (const auto* open = std::get_if<TunnelOpen>(&step)) {
    tunnel_is_open(open->consumed < input.size());
  } else if (auto* refusal = std::get_if<ProxyRefused>(&step)) {
    take_proxy_refusal(std::move(*refusal));
  } else if (const auto* failed = std::get_if<Failed>(&step)) {
    fail(failed->error,
         std::visit([](const auto& conversation) { return std::string(conversation.detail()); },
                    *proxy_));
  }
}

/// Answers a challenge of the proxy once, and once more if only the nonce was stale. The answer
/// goes out on a new connection: many proxies close the old one.
void Dialer::take_proxy_refusal(ProxyRefused refusal) {
  if (auto answer = answer_to(refusal)) {
    has_answered_ = true;
    authorization_ = std::move(*answer);
    return reach();
  }
  finish(DialFailure{
      .error = refusal.error(),
      .detail = phase() + ", status " + std::to_string(refusal.status) + " " + refusal.reason,
      .phase = DialPhase::proxy,
      .at_proxy = true,
      .status = refusal.status,
      .reason = std::move(refusal.reason),
      .headers = std::move(refusal.headers)});
}

std::optional<std::string> Dialer::answer_to(const ProxyRefused& refusal) {
  constexpr int auth_required = 407;
  const auto& credentials = plan_.proxy->credentials;
  if (refusal.status != auth_required || !credentials) return std::nullopt;
  if (has_answered_ && !(is_stale(refusal) && !has_answered_twice_)) return std::nullopt;
  has_answered_twice_ = has_answered_;
  const std::string cnonce = random_digits(loop_.random());
  if (cnonce.empty()) return std::nullopt;
  auto answer = answer_challenges(
      refusal.challenges, *credentials,
      {.method = "CONNECT", .uri = connect_authority(target_), .cnonce = cnonce}, tls::hex_hash);
  // Basic was sent unasked, and refused.
  if (answer && *answer == basic_authorization(*credentials)) return std::nullopt;
  return answer;
}

/// A server does not speak first, neither in TLS nor in HTTP, so bytes behind the proxy's answer
/// are not the server's.
void Dialer::tunnel_is_open(bool has_more) {
  if (has_more) return fail(Errc::proxy_protocol_error, phase() + ", bytes behind its answer");
  proxy_.reset();
  transport_->restart_trace();
  set_deadline(false);
  on_stream();
}

}  // namespace wirespan
