// server_handshake_fuzz.cpp - a request in pieces is judged like the whole; an accepted request is
// one that our client could have sent, and the client accepts the response. RFC 6455 §4.2.
#include <string>

#include "fuzz_input.hpp"
#include <wirespan/core/ascii.hpp>
#include <wirespan/core/client_handshake.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/core/server_handshake.hpp>
#include <wirespan/core/url.hpp>

namespace wirespan::fuzz {
namespace {

struct Outcome {
  ServerHandshakeStep step;
  std::size_t consumed = 0;  ///< Bytes of the whole input, when the request is complete.
};

Outcome feed_in_pieces(Bytes request, Tape cuts) {
  ServerHandshake handshake;
  Outcome outcome;
  for (std::size_t fed = 0; fed < request.size();) {
    const ExactCopy piece(request.subspan(fed, cuts.cut(request.size() - fed)));
    outcome.step = handshake.feed(piece.get());
    if (const auto* received = std::get_if<RequestReceived>(&outcome.step)) {
      require(received->consumed <= piece.get().size(), "no more is consumed than was given");
      outcome.consumed = fed + received->consumed;
    }
    if (!std::holds_alternative<NeedInput>(outcome.step)) break;
    fed += piece.get().size();
  }
  return outcome;
}

void check_same(const Outcome& a, const Outcome& b) {
  require(a.step.index() == b.step.index(), "a request in pieces is judged as the whole one");
  require(a.consumed == b.consumed, "its head has the same size");
  if (const auto* failed = std::get_if<Failed>(&a.step)) {
    require(failed->error == std::get_if<Failed>(&b.step)->error, "it fails for the same reason");
  }
  const auto* first = std::get_if<RequestReceived>(&a.step);
  const auto* second = std::get_if<RequestReceived>(&b.step);
  if (first == nullptr) return;
  require(first->offer.headers == second->offer.headers, "it has the same fields");
  require(first->offer.target == second->offer.target, "it has the same target");
}

/// The fields of a request that a client may set by itself.
Headers own_headers(const Headers& headers) {
  Headers own;
  for (const auto& [name, value] : headers) {
    const ClientRequest request{.host = "x", .headers = {{name, value}}};
    if (!check_client_request(request) && !own.contains(name)) own.add(name, value);
  }
  return own;
}

ClientRequest request_like(const ClientOffer& offer) {
  ClientRequest request{
      .host = offer.host, .target = offer.target, .subprotocols = offer.subprotocols};
  request.headers = own_headers(offer.headers);
  request.headers.set("Host", offer.host);
  request.headers.set("Sec-WebSocket-Key", offer.key);
  return request;
}

/// Sends the same request as our client would build it; the server must accept it again.
void check_asked_again(const ClientOffer& offer) {
  const ClientRequest request = request_like(offer);
  require(!check_client_request(request), "a client could have asked for what was accepted");
  const std::string text = build_request(request, HandshakeKey{});
  if (text.size() > limits::head_size) return;
  ServerHandshake handshake;
  const auto step = handshake.feed(wire_bytes(text));
  const auto* again = std::get_if<RequestReceived>(&step);
  require(again != nullptr, "the same question is accepted again");
  require(again->offer.host == offer.host && again->offer.target == offer.target,
          "it is about the same resource");
  require(again->offer.key == offer.key && again->offer.subprotocols == offer.subprotocols,
          "it offers the same");
}

void check_accepted(const ClientOffer& offer, std::uint8_t choice) {
  require(is_valid_authority(offer.host), "the host of an accepted request is one");
  require(offer.target.starts_with('/'), "its target is a path");
  require(is_valid_key(offer.key), "its key is one");
  for (const char* once : {"Host", "Sec-WebSocket-Key", "Sec-WebSocket-Version"}) {
    require(offer.headers.get_all(once).size() == 1, "these fields come once");
  }
  Agreement agreement;
  if (!offer.subprotocols.empty()) {
    agreement.subprotocol = offer.subprotocols[choice % offer.subprotocols.size()];
  }
  if (!offer.headers.empty()) {
    agreement.headers = Headers{*(offer.headers.begin() + choice % offer.headers.size())};
    if (check_agreement(offer, agreement)) agreement.headers = {};
  }
  require(!check_agreement(offer, agreement), "a server may choose what was offered");
  const std::string answer = build_acceptance(offer, agreement);
  if (answer.size() > limits::head_size) return;

  ClientHandshake client(request_like(offer), HandshakeKey{});
  const auto step = client.feed(wire_bytes(answer));
  const auto* done = std::get_if<HandshakeDone>(&step);
  require(done != nullptr, "the client takes the acceptance");
  require(done->consumed == answer.size(), "all of it is head");
  require(done->agreement.subprotocol == agreement.subprotocol, "both agree on the subprotocol");
}

void check_refused(std::error_code error) {
  require(error == Condition::handshake_failed, "a bad request is the client's fault");
  const Rejection rejection = rejection_for(error);
  require(rejection.status >= 400 && rejection.status < 600, "a refusal has a status for it");
  const std::string answer = build_rejection(rejection);
  ClientHandshake client({.host = "x"}, make_key(std::array<std::byte, 16>{}));
  const auto step = client.feed(wire_bytes(answer));
  const auto* rejected = std::get_if<HandshakeRejected>(&step);
  require(rejected != nullptr && rejected->status == rejection.status, "a client reads a refusal");
  require(answer.substr(rejected->consumed) == rejection.body, "what follows the head is the body");
  require(rejected->headers.get("Content-Length") == std::to_string(rejection.body.size()),
          "the body is as long as it says");
}

}  // namespace
}  // namespace wirespan::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wirespan;
  using namespace wirespan::fuzz;
  FuzzInput input(data, size);
  const std::uint8_t choice = input.byte();
  const Tape cuts = input.tape();
  const Bytes request = input.rest();
  const Outcome whole = feed_in_pieces(request, Tape());
  check_same(whole, feed_in_pieces(request, cuts));
  if (const auto* received = std::get_if<RequestReceived>(&whole.step)) {
    check_accepted(received->offer, choice);
    check_asked_again(received->offer);
  } else if (const auto* failed = std::get_if<Failed>(&whole.step)) {
    check_refused(failed->error);
  }
  return 0;
}
