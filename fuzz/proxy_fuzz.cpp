// proxy_fuzz.cpp - a proxy's answers in pieces are judged like single bytes; URLs of proxies,
// no_proxy and challenges keep their grammar. RFC 9110 §9.3.6, §11, RFC 1928, RFC 1929.
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "fuzz_input.hpp"
#include <wirespan/core/ascii.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/core/limits.hpp>
#include <wirespan/core/proxy_handshake.hpp>

namespace wirespan::fuzz {
namespace {

struct Outcome {
  ProxyStep step;
  std::size_t consumed = 0;          ///< Bytes of the whole input.
  std::vector<std::string> sent;     ///< Bytes of each ProxySend.
  std::vector<std::size_t> sent_at;  ///< Bytes of the input before each of them.
  std::string detail;
};

bool takes_more(const ProxyStep& step) noexcept {
  return std::holds_alternative<NeedInput>(step) || std::holds_alternative<ProxySend>(step);
}

std::optional<std::size_t> consumed_by(const ProxyStep& step) noexcept {
  if (const auto* tunnel = std::get_if<TunnelOpen>(&step)) return tunnel->consumed;
  if (const auto* refused = std::get_if<ProxyRefused>(&step)) return refused->consumed;
  return std::nullopt;
}

/// Feeds pieces as `cuts` chooses them, none across a position of `ends`: a proxy does not answer
/// before it is asked.
template <class Handshake>
Outcome converse(Handshake handshake, Bytes answer, Tape cuts,
                 const std::vector<std::size_t>& ends) {
  Outcome outcome;
  require(!handshake.first_bytes().empty(), "the client speaks first");
  for (std::size_t fed = 0; fed < answer.size();) {
    const auto end = std::upper_bound(ends.begin(), ends.end(), fed);
    const std::size_t available = (end == ends.end() ? answer.size() : *end) - fed;
    const ExactCopy piece(answer.subspan(fed, cuts.cut(available)));
    outcome.step = handshake.feed(piece.get());
    if (const auto consumed = consumed_by(outcome.step)) {
      require(*consumed <= piece.get().size(), "no more is consumed than was given");
      outcome.consumed = fed + *consumed;
    }
    fed += piece.get().size();
    if (const auto* send = std::get_if<ProxySend>(&outcome.step)) {
      require(!send->bytes.empty(), "something is sent");
      outcome.sent.push_back(send->bytes);
      outcome.sent_at.push_back(fed);
    }
    if (!takes_more(outcome.step)) break;
  }
  outcome.detail = handshake.detail();
  return outcome;
}

void check_same(const Outcome& a, const Outcome& b) {
  require(a.step.index() == b.step.index(), "pieces are judged like single bytes");
  require(a.consumed == b.consumed, "the server's bytes begin at the same place");
  require(a.sent == b.sent && a.sent_at == b.sent_at, "the same is sent at the same time");
  require(a.detail == b.detail, "the defect has the same words");
  if (const auto* failed = std::get_if<Failed>(&a.step)) {
    require(failed->error == std::get_if<Failed>(&b.step)->error, "it fails for the same reason");
    require(!a.detail.empty(), "a failure is explained");
  }
  if (const auto* refused = std::get_if<ProxyRefused>(&a.step)) {
    const auto* other = std::get_if<ProxyRefused>(&b.step);
    require(refused->status == other->status, "the status is the same");
    require(refused->headers == other->headers, "the fields are the same");
    require(refused->status / 100 != 1 && refused->status / 100 != 2, "it is a refusal");
  }
}

/// A hash of the right form, which needs no cryptography.
std::optional<std::string> no_hash(HashAlgorithm algorithm, std::string_view text) {
  return std::string(algorithm == HashAlgorithm::md5 ? 32 : 64, text.empty() ? '0' : 'a');
}

void check_challenges(const std::vector<AuthChallenge>& challenges) {
  std::size_t elements = challenges.size();
  for (const AuthChallenge& challenge : challenges) {
    elements += challenge.parameters.size();
    require(is_token(challenge.scheme), "a scheme is a token");
    require(is_field_value(challenge.token68) && challenge.token68.find('"') == std::string::npos,
            "token68 data can stand in a field");
    for (const auto& parameter : challenge.parameters) {
      require(is_token(parameter.first), "the name of a parameter is a token");
    }
  }
  require(elements <= limits::auth_elements, "their number is bounded");
  const AuthRequest request{.method = "CONNECT", .uri = "h:1", .cnonce = "c"};
  const auto answer = answer_challenges(challenges, {"us\"er", "secret"}, request, no_hash);
  require(!answer || is_field_value(*answer), "an answer cannot inject a header");
  require(!answer || answer->starts_with("Basic ") || answer->starts_with("Digest "),
          "an answer is Basic or Digest");
}

template <class Handshake>
void check_answers(FuzzInput& input, const Handshake& handshake) {
  const Tape cuts = input.tape();
  const std::byte one{1};
  const Outcome single = converse(handshake, input.rest(), Tape(Bytes(&one, 1)), {});
  check_same(single, converse(handshake, input.rest(), cuts, single.sent_at));
  check_same(single, converse(handshake, input.rest(), Tape(), single.sent_at));
  if (const auto* refused = std::get_if<ProxyRefused>(&single.step)) {
    check_challenges(refused->challenges);
  }
  if (single.sent_at.empty() || single.sent_at.front() == input.rest().size()) return;
  const Outcome early = converse(handshake, input.rest(), Tape(), {});
  require(std::holds_alternative<Failed>(early.step), "an answer before the request is an error");
}

void check_proxy_url(std::string_view text) {
  std::string detail;
  const auto proxy = parse_proxy_url(text, &detail);
  require(proxy.has_value() == detail.empty(), "a defect is named");
  if (!proxy) {
    require(proxy.error() == Errc::invalid_proxy, "a URL is invalid for one reason");
    return;
  }
  require(!check_proxy(*proxy), "a proxy of the environment can be used");
  const ProxyTarget itself{proxy->host, proxy->port, {}};
  const std::string again =
      std::string(proxy_type_name(proxy->type)) + "://" + connect_authority(itself);
  const auto parsed = parse_proxy_url(again);
  require(parsed && parsed->host == proxy->host && parsed->port == proxy->port &&
              parsed->type == proxy->type,
          "kind, host and port survive writing and parsing");
}

/// Reads a host from the first line and the list behind it: the list matches if one entry does.
void check_no_proxy(std::string_view text) {
  const std::string_view host = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(host.size() + 1, text.size()));
  bool one_matches = false;
  for (std::string_view list = text; !list.empty();) {
    const std::string_view entry = list.substr(0, list.find_first_of(", \t\r\n"));
    list.remove_prefix(std::min(entry.size() + 1, list.size()));
    one_matches = one_matches || bypasses_proxy(entry, host, 80);
  }
  const bool matches = bypasses_proxy(text, host, 80);
  require(matches == one_matches, "a list matches if one of its entries does");
  require(matches == bypasses_proxy(to_lower(text), to_lower(host), 80), "case means nothing");
}

}  // namespace
}  // namespace wirespan::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wirespan;
  using namespace wirespan::fuzz;
  FuzzInput input(data, size);
  const Credentials user{"u", "p"};
  const ProxyTarget target{"h", 443, {}};
  switch (input.byte() % 7) {
    case 0:
      check_answers(input, HttpConnect(target));
      break;
    case 1:
      check_answers(input, SocksConnect(Proxy{ProxyType::socks4a, "p", 1080, {}}, target));
      break;
    case 2:
      check_answers(input, SocksConnect(Proxy{ProxyType::socks5h, "p", 1080, {}}, target));
      break;
    case 3:
      check_answers(input, SocksConnect(Proxy{ProxyType::socks5h, "p", 1080, user}, target));
      break;
    case 4:
      check_proxy_url(wire_text(ExactCopy(input.rest()).get()));
      break;
    case 5:
      check_no_proxy(wire_text(ExactCopy(input.rest()).get()));
      break;
    default:
      check_challenges(parse_challenges({wire_text(ExactCopy(input.rest()).get())}));
  }
  return 0;
}
