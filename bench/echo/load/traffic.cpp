// traffic.cpp - frames made before a run, and the opening handshake of the load generator.
#include "traffic.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>
#include <string_view>

#include "../../bench_data.hpp"
#include <wirespan/core/byte_buffer.hpp>
#include <wirespan/core/frame.hpp>

namespace wirespan::bench {
namespace {

std::string text_payload(const LoadOptions& options) {
  constexpr std::string_view cjk = "広い海を渡る船は、静かな朝に港を出た。";
  constexpr std::string_view ascii = R"({"symbol":"ABC","price":101.25,"size":300} )";
  return text_of(options.payload == "cjk" ? cjk : ascii, options.size);
}

std::vector<std::byte> frame_of(Opcode opcode, Bytes payload, bool masked) {
  ByteBuffer buffer;
  append_frame(buffer, {.mask = key, .opcode = opcode, .masked = masked}, payload);
  const Bytes wire = buffer.data();
  return {wire.begin(), wire.end()};
}

}  // namespace

bool Traffic::is_expected(Bytes received, std::size_t position) const noexcept {
  position %= reply.size();
  while (!received.empty()) {
    const std::size_t size = std::min(received.size(), reply.size() - position);
    if (std::memcmp(received.data(), reply.data() + position, size) != 0) return false;
    received = received.subspan(size);
    position = 0;
  }
  return true;
}

Traffic make_traffic(const LoadOptions& options) {
  const bool binary = options.payload == "binary";
  const Opcode opcode = binary ? Opcode::binary : Opcode::text;
  const std::string text = binary ? std::string() : text_payload(options);
  const auto bytes = binary ? random_bytes(options.size) : std::vector<std::byte>();
  const Bytes payload = binary ? Bytes(bytes) : wire_bytes(text);
  const auto request = frame_of(opcode, payload, true);

  Traffic traffic;
  traffic.depth = options.depth;
  traffic.request_size = request.size();
  traffic.reply = options.raw ? request : frame_of(opcode, payload, false);
  for (std::size_t i = 0; i < options.depth; ++i) {
    traffic.batch.insert(traffic.batch.end(), request.begin(), request.end());
  }
  return traffic;
}

void request_upgrade(Stream& stream) {
  if (stream.send(wire_bytes(upgrade_request)) != upgrade_request.size()) {
    throw std::runtime_error("the request was not taken at once");
  }
}

std::string await_upgrade(Stream& stream) {
  std::string response;
  std::array<std::byte, 4096> room{};
  while (!response.ends_with("\r\n\r\n")) {
    response += wire_text(Bytes(room).first(stream.receive(room)));
  }
  if (!response.starts_with("HTTP/1.1 101")) throw std::runtime_error("refused: " + response);
  return response;
}

Stream open_stream(const LoadOptions& options, SSL_CTX* tls) {
  Stream stream(options.port, tls);
  if (!options.raw) {
    request_upgrade(stream);
    (void)await_upgrade(stream);
  }
  return stream;
}

}  // namespace wirespan::bench
