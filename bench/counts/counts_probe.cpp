// counts_probe.cpp - repeats one operation, for a tool that counts instructions:
// `counts_probe SCENARIO TIMES`. The count is reproducible: input is fixed, nothing is random, and
// nothing depends on addresses.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <wirespan/core/accept_key.hpp>
#include <wirespan/core/connection.hpp>
#include <wirespan/core/frame.hpp>
#include <wirespan/core/frame_decoder.hpp>
#include <wirespan/core/mask.hpp>
#include <wirespan/core/utf8.hpp>

namespace wirespan::bench {
namespace {

constexpr MaskKey key{std::byte{0x37}, std::byte{0xFA}, std::byte{0x21}, std::byte{0x3D}};
constexpr std::size_t batch = 64;  // messages that one read returns
constexpr std::string_view cjk = "広い海を渡る船は、静かな朝に港を出た。";

volatile std::size_t sink = 0;  // results that are written here cannot be optimised away

std::string text_of(std::size_t size) {
  std::string text;
  while (text.size() + cjk.size() <= size) text += cjk;
  return text + std::string(size - text.size(), 'x');
}

ConnectionOptions options_with_keys() {
  ConnectionOptions options;
  options.mask_source.next = [](void*, MaskKey& out) noexcept {
    out = key;
    return true;
  };
  return options;
}

/// Consumes the output as if it was sent, but for one byte: the buffer keeps its block and is not
/// allocated again.
void take(ByteBuffer& output) {
  sink = sink + output.size();
  output.consume(output.size() - 1);
}

/// Masked frames of a client, one behind the other.
std::vector<std::byte> batch_of(Opcode opcode, std::size_t size) {
  const std::string payload = text_of(size);
  ByteBuffer wire;
  for (std::size_t i = 0; i < batch; ++i) {
    append_frame(wire, {.mask = key, .opcode = opcode, .masked = true}, wire_bytes(payload));
  }
  return {wire.data().begin(), wire.data().end()};
}

void echo_batches(std::size_t times, Opcode opcode, std::size_t size) {
  const std::vector<std::byte> wire = batch_of(opcode, size);
  std::vector<std::byte> input = wire;
  Connection connection(Role::server, ConnectionOptions{});
  for (std::size_t i = 0; i < times; ++i) {
    std::memcpy(input.data(), wire.data(), wire.size());  // unmasking changes the input
    connection.feed(input);
    for (bool more = true; more;) {
      const Event event = connection.next();
      const auto* message = std::get_if<Message>(&event);
      more = message != nullptr;
      if (more && connection.send(message->opcode, message->payload)) std::exit(1);
    }
    take(connection.output());
  }
}

void decode_frames(std::size_t times, std::size_t size) {
  std::vector<std::byte> wire = batch_of(Opcode::binary, size);
  FrameDecoder decoder({.receiver = Role::server});
  for (std::size_t i = 0; i < times; ++i) {
    MutableBytes input(wire);
    FrameChunk chunk;
    while (decoder.next(input, chunk) == FrameDecoder::Status::chunk) unmask(chunk);
    sink = sink + input.size();
  }
}

void send_as_client(std::size_t times, std::size_t size) {
  const std::string payload = text_of(size);
  Connection connection(Role::client, options_with_keys());
  for (std::size_t i = 0; i < times; ++i) {
    for (std::size_t n = 0; n < batch; ++n) {
      if (connection.send(Opcode::binary, wire_bytes(payload))) std::exit(1);
    }
    take(connection.output());
  }
}

void mask_bytes(std::size_t times, std::size_t size) {
  std::vector<std::byte> data(size);
  for (std::size_t i = 0; i < times * batch; ++i) apply_mask(data, key);
  sink = sink + std::to_integer<std::size_t>(data[0]);
}

void validate(std::size_t times, std::size_t size) {
  const std::string text = text_of(size);
  for (std::size_t i = 0; i < times * batch; ++i) {
    if (!is_valid_utf8(wire_bytes(text))) std::exit(1);
  }
}

constexpr std::size_t secret_size = 1024;

/// Compares a secret with a guess that differs from it at `at`, nowhere if that is secret_size.
void compare(std::size_t times, std::size_t at) {
  const std::string secret(secret_size, 'a');
  std::string guess = secret + ' ';
  volatile char wrong = 'b';
  for (std::size_t i = 0; i < times * batch; ++i) {
    guess[at] = wrong;  // may be any character, so that no comparison can be left out
    const bool equal =
        equal_in_constant_time(secret, std::string_view(guess).substr(0, secret_size));
    if (equal != (at == secret_size)) std::exit(1);
  }
}

struct Scenario {
  std::string_view name;
  void (*run)(std::size_t times);
};
constexpr Scenario scenarios[] = {
    {"decode_16", [](std::size_t times) { decode_frames(times, 16); }},
    {"echo_binary_16", [](std::size_t times) { echo_batches(times, Opcode::binary, 16); }},
    {"echo_text_1024", [](std::size_t times) { echo_batches(times, Opcode::text, 1024); }},
    {"client_send_16", [](std::size_t times) { send_as_client(times, 16); }},
    {"mask_16384", [](std::size_t times) { mask_bytes(times, 16384); }},
    {"utf8_cjk_16384", [](std::size_t times) { validate(times, 16384); }},
    {"compare_first", [](std::size_t times) { compare(times, 0); }},
    {"compare_last", [](std::size_t times) { compare(times, secret_size - 1); }},
    {"compare_equal", [](std::size_t times) { compare(times, secret_size); }},
};

int run(std::string_view name, std::size_t times) {
  for (const Scenario& scenario : scenarios) {
    if (scenario.name != name) continue;
    scenario.run(times);
    return 0;
  }
  std::fprintf(stderr, "counts_probe: no scenario of that name\n");
  return 2;
}

}  // namespace
}  // namespace wirespan::bench

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  return wirespan::bench::run(argv[1], std::strtoul(argv[2], nullptr, 10));
}
