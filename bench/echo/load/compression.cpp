// compression.cpp - the load generator's offer, agreement and codecs. RFC 7692 §7.1.
#include "compression.hpp"

#include <stdexcept>
#include <string_view>

#include "../../bench_data.hpp"
#include "traffic.hpp"

namespace wirespan::bench {
namespace {

/// Bytes of idle zlib states: two for sending.
constexpr std::size_t kept_states = 600'000;

}  // namespace

Agreed agreed_on(const LoadOptions& options) {
  if (options.compression == "stream") return {"permessage-deflate", {}, DeflateContext::stream};
  return {
      .offer = "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
      .parameters = {.server_no_context_takeover = true, .client_no_context_takeover = true},
      .context = DeflateContext::none,
  };
}

void upgrade_compressed(Stream& stream, const Agreed& agreed) {
  constexpr std::string_view end = "\r\n\r\n";
  std::string request(upgrade_request.substr(0, upgrade_request.size() - end.size() + 2));
  request += "Sec-WebSocket-Extensions: " + agreed.offer + std::string(end);
  if (stream.send(wire_bytes(request)) != request.size()) {
    throw std::runtime_error("the request was not taken at once");
  }
  const std::string response = await_upgrade(stream);
  const bool is_agreed = response.find("permessage-deflate") != std::string::npos;
  const bool server_forgets = response.find("server_no_context_takeover") != std::string::npos;
  if (!is_agreed || server_forgets != agreed.parameters.server_no_context_takeover) {
    throw std::runtime_error("agreed on something else: " + response);
  }
}

std::shared_ptr<DeflatePool> make_pool(const Agreed& agreed) {
  return std::make_shared<DeflatePool>(DeflateOptions{.send_context = agreed.context,
                                                      .receive_context = agreed.context,
                                                      .level = 1,
                                                      .threshold = 0},
                                       kept_states);
}

Connection make_client(const Agreed& agreed, const std::shared_ptr<DeflatePool>& pool) {
  return Connection(Role::client, ConnectionOptions{.mask_source = fixed_keys()},
                    make_deflate_codec(pool, Role::client, agreed.parameters));
}

}  // namespace wirespan::bench
