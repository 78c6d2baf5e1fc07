// client_handshake_fuzz.cpp - a response in pieces is judged like the whole; an accepted response
// is one that §4.1 allows; a request that may be sent is one that a server accepts. RFC 6455 §4.1.
#include <algorithm>
#include <optional>
#include <string>

#include "fuzz_input.hpp"
#include <wirespan/core/ascii.hpp>
#include <wirespan/core/client_handshake.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/core/server_handshake.hpp>

namespace wirespan::fuzz {
namespace {

/// The key of the example in RFC 6455 §1.3, so that seeds can hold its Sec-WebSocket-Accept.
constexpr HandshakeKey key{'d', 'G', 'h', 'l', 'I', 'H', 'N', 'h', 'b', 'X', 'B', 's',
                           'Z', 'S', 'B', 'u', 'b', '2', '5', 'j', 'Z', 'Q', '=', '='};

struct Outcome {
  ClientHandshakeStep step;
  std::size_t consumed = 0;  ///< Bytes of the whole input, when there is a response.
};

Outcome feed_in_pieces(const ClientRequest& request, Bytes response, Tape cuts) {
  ClientHandshake handshake(request, key);
  Outcome outcome;
  for (std::size_t fed = 0; fed < response.size();) {
    const ExactCopy piece(response.subspan(fed, cuts.cut(response.size() - fed)));
    outcome.step = handshake.feed(piece.get());
    const auto* done = std::get_if<HandshakeDone>(&outcome.step);
    const auto* rejected = std::get_if<HandshakeRejected>(&outcome.step);
    if (done != nullptr || rejected != nullptr) {
      const std::size_t consumed = done != nullptr ? done->consumed : rejected->consumed;
      require(consumed <= piece.get().size(), "no more is consumed than was given");
      outcome.consumed = fed + consumed;
    }
    if (!std::holds_alternative<NeedInput>(outcome.step)) break;
    fed += piece.get().size();
  }
  return outcome;
}

void check_same(const Outcome& a, const Outcome& b) {
  require(a.step.index() == b.step.index(), "a response in pieces is judged as the whole one");
  require(a.consumed == b.consumed, "its head has the same size");
  if (const auto* failed = std::get_if<Failed>(&a.step)) {
    require(failed->error == std::get_if<Failed>(&b.step)->error, "it fails for the same reason");
  }
  if (const auto* done = std::get_if<HandshakeDone>(&a.step)) {
    const Agreement& other = std::get_if<HandshakeDone>(&b.step)->agreement;
    require(done->agreement.subprotocol == other.subprotocol, "it chooses the same");
    require(done->agreement.headers == other.headers, "it has the same fields");
  }
  if (const auto* rejected = std::get_if<HandshakeRejected>(&a.step)) {
    const auto* other = std::get_if<HandshakeRejected>(&b.step);
    require(rejected->status == other->status, "it has the same status");
    require(rejected->headers == other->headers, "it has the same fields");
  }
}

void check_response_case(FuzzInput& input, std::uint8_t setting) {
  ClientRequest request{.host = "example.com", .subprotocols = {"chat", "superchat"}};
  if ((setting & 2) != 0) request.subprotocols.clear();
  request.require_subprotocol = (setting & 4) != 0;
  const Tape cuts = input.tape();
  const Outcome whole = feed_in_pieces(request, input.rest(), Tape());
  check_same(whole, feed_in_pieces(request, input.rest(), cuts));

  const auto* done = std::get_if<HandshakeDone>(&whole.step);
  if (done == nullptr) return;
  const std::string& subprotocol = done->agreement.subprotocol;
  const Headers& headers = done->agreement.headers;
  const auto& offered = request.subprotocols;
  require(subprotocol.empty() ||
              std::find(offered.begin(), offered.end(), subprotocol) != offered.end(),
          "a subprotocol was offered");
  require(!subprotocol.empty() || !request.require_subprotocol, "a required one is there");
  std::string_view extensions = headers.get("Sec-WebSocket-Extensions").value_or("");
  require(!next_list_element(extensions) && !done->agreement.deflate,
          "no extension was offered, so an answer lists none");
  require(headers.get("Sec-WebSocket-Accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
          "the server has read the key");
}

/// Reads a request from lines: host, target, origin, connection, cookie, subprotocols separated by
/// commas, then headers.
ClientRequest request_from(std::string_view text) {
  const auto next_line = [&text] {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    return std::string(line);
  };
  ClientRequest request{.host = next_line(), .target = next_line()};
  if (std::string origin = next_line(); !origin.empty()) request.origin = std::move(origin);
  if (std::string value = next_line(); !value.empty()) request.connection = std::move(value);
  request.cookie = next_line();
  const std::string subprotocols = next_line();
  std::string_view list = subprotocols;
  while (const auto element = next_list_element(list)) request.subprotocols.emplace_back(*element);
  while (!text.empty()) {
    const std::string line = next_line();
    const std::size_t colon = std::min(line.find(':'), line.size());
    request.headers.add(line.substr(0, colon), line.substr(std::min(colon + 1, line.size())));
  }
  return request;
}

/// True for the errors of the head's limits: the only reasons for which a server may refuse.
bool is_too_much(std::error_code error) {
  return error == Errc::head_too_long || error == Errc::target_too_long ||
         error == Errc::too_many_fields;
}

void check_request_case(FuzzInput& input) {
  const ClientRequest request = request_from(wire_text(input.rest()));
  if (const auto error = check_client_request(request)) {
    require(error == Condition::misuse || error == Errc::repeated_field,
            "a request that may not be sent is the caller's fault");
    return;
  }
  const ClientHandshake client(request, key);
  const std::string text = client.request_bytes();
  ServerHandshake server;
  const auto step = server.feed(wire_bytes(text));
  if (const auto* failed = std::get_if<Failed>(&step)) {
    require(is_too_much(failed->error), "a server accepts what may be sent");
    return;
  }
  const auto* received = std::get_if<RequestReceived>(&step);
  require(received != nullptr, "a request is complete");
  require(received->consumed == text.size(), "nothing can be smuggled in behind it");
  require(received->offer.target == request.target, "its target arrives");
  require(received->offer.subprotocols == request.subprotocols, "its subprotocols arrive");
}

}  // namespace
}  // namespace wirespan::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wirespan::fuzz;
  FuzzInput input(data, size);
  const std::uint8_t setting = input.byte();
  if ((setting & 1) == 0) {
    check_response_case(input, setting);
  } else {
    check_request_case(input);
  }
  return 0;
}
