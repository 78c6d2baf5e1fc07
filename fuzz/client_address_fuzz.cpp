// client_address_fuzz.cpp - a PROXY header in pieces is read like single bytes and no further than
// its end; whatever a client sends in Forwarded or X-Forwarded-For, it cannot choose its address.
#include <algorithm>
#include <string>
#include <vector>

#include "fuzz_input.hpp"
#include <wirespan/core/error.hpp>
#include <wirespan/core/forwarded.hpp>
#include <wirespan/core/limits.hpp>
#include <wirespan/core/proxy_header.hpp>

namespace wirespan::fuzz {
namespace {

struct HeaderRead {
  ProxyHeaderStep step;
  std::size_t consumed = 0;  ///< Bytes of the whole input, also before a failure.
  std::string detail;
};

/// `size_of(decoder, available)` chooses the size of the next piece.
template <class SizeOf>
HeaderRead read(Bytes wire, SizeOf size_of) {
  ProxyHeaderDecoder decoder;
  HeaderRead outcome;
  while (outcome.consumed < wire.size() && std::holds_alternative<NeedInput>(outcome.step)) {
    const Bytes left = wire.subspan(outcome.consumed);
    const ExactCopy piece(left.first(size_of(decoder, left.size())));
    outcome.step = decoder.feed(piece.get());
    const auto* header = std::get_if<ProxyHeader>(&outcome.step);
    require(header == nullptr || (header->consumed > 0 && header->consumed <= piece.get().size()),
            "something is consumed, and no more than was given");
    outcome.consumed += header != nullptr ? header->consumed : piece.get().size();
  }
  outcome.detail = decoder.detail();
  return outcome;
}

void check_same(const HeaderRead& a, const HeaderRead& b) {
  require(a.step.index() == b.step.index(), "pieces are judged like single bytes");
  require(a.detail == b.detail, "the defect has the same words");
  const auto* header = std::get_if<ProxyHeader>(&a.step);
  if (header == nullptr) return;
  require(a.consumed == b.consumed, "the bytes behind the header begin at the same place");
  require(header->client == std::get_if<ProxyHeader>(&b.step)->client, "the client is the same");
}

void check_header(FuzzInput& input) {
  Tape cuts = input.tape();
  const Bytes wire = input.rest();
  const auto single = read(wire, [](const ProxyHeaderDecoder&, std::size_t) { return 1U; });
  check_same(single, read(wire, [&](const ProxyHeaderDecoder&, std::size_t available) {
               return cuts.cut(available);
             }));
  const auto careful = read(wire, [](const ProxyHeaderDecoder& decoder, std::size_t available) {
    require(decoder.surely_left() > 0, "more is expected until the end");
    return std::min(decoder.surely_left(), available);
  });
  check_same(single, careful);
  require(single.consumed <= limits::proxy_header_size, "a header has its limit");
  if (const auto* failed = std::get_if<Failed>(&single.step)) {
    require(failed->error == Errc::bad_proxy_header, "it fails for one reason");
    require(!single.detail.empty(), "a failure is explained");
  }
}

/// A proxy adds its element to what the client has sent, in the same field or in its own.
void check_forwarded(std::string_view sent, ForwardedSyntax syntax) {
  const std::vector<IpNetwork> trusted{IpNetwork::parse("10.0.0.0/8").value()};
  const IpEndpoint v4 = parse_node("192.0.2.1").value();
  const IpEndpoint v6 = parse_node("2001:db8::1").value();
  const bool is_list = syntax == ForwardedSyntax::addresses;
  const std::string elements[] = {is_list ? "192.0.2.1" : "for=192.0.2.1",
                                  is_list ? "2001:db8::1" : "for=\"[2001:db8::1]\""};
  for (const std::string& element : elements) {
    const auto truth = element == elements[0] ? v4 : v6;
    const std::string same_field = std::string(sent) + ", " + element;
    const auto in_one = forwarded_client({same_field}, syntax, trusted);
    require(!in_one || *in_one == truth, "a client cannot choose its address");
    require(!is_list || in_one, "a list has no quotes that could hide an element");
    require(forwarded_client({sent, element}, syntax, trusted) == truth,
            "a field of the proxy's own cannot be hidden");
  }
  const auto alone = forwarded_client({sent}, syntax, trusted);
  require(alone == forwarded_client({sent, "", ","}, syntax, trusted), "empty fields mean nothing");
}

void check_addresses(std::string_view text) {
  const auto address = IpAddress::parse(text);
  const auto network = IpNetwork::parse(text);
  require(!address || (network && network->contains(*address)), "an address is a network");
  const auto node = parse_node(text);
  require(!address || text.find('%') != std::string_view::npos ||
              (node && node->address == *address && node->port == 0),
          "an address is a node");
}

}  // namespace
}  // namespace wirespan::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wirespan;
  using namespace wirespan::fuzz;
  FuzzInput input(data, size);
  const std::uint8_t kind = input.byte() % 4;
  if (kind == 0) {
    check_header(input);
    return 0;
  }
  const ExactCopy copy(input.rest());
  if (kind == 1) check_forwarded(wire_text(copy.get()), ForwardedSyntax::addresses);
  if (kind == 2) check_forwarded(wire_text(copy.get()), ForwardedSyntax::rfc7239);
  if (kind == 3) check_addresses(wire_text(copy.get()));
  return 0;
}
