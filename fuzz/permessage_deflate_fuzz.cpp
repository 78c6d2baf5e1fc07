// permessage_deflate_fuzz.cpp - arbitrary bytes as compressed messages, and messages that survive
// compressing and inflating. RFC 7692 §7.2.
#include <algorithm>
#include <array>
#include <deque>

#include "deflate_mutator.hpp"
#include "fuzz_input.hpp"
#include <wirespan/core/connection.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/core/permessage_deflate.hpp>

namespace wirespan::fuzz {
namespace {

constexpr std::array contexts{DeflateContext::none, DeflateContext::dictionary,
                              DeflateContext::stream};
constexpr std::size_t max_message_size = 100'000;

bool next_key(void* context, MaskKey& key) noexcept {
  auto& count = *static_cast<std::uint8_t*>(context);
  key = {std::byte{++count}, std::byte{0}, std::byte{0xC3}, std::byte{0x80}};
  return true;
}

/// Options and the agreement, the same for both ends of a connection.
struct Setting {
  explicit Setting(FuzzInput& input) {
    const std::uint8_t first = input.byte();
    const std::uint8_t second = input.byte();
    options.send_context = contexts[first % 3];
    options.receive_context = contexts[first / 3 % 3];
    options.level = 1 + second % 9;
    options.memory_level = 1 + second / 9 % 9;
    options.threshold = (first & 0x40) != 0 ? 20 : 0;
    options.max_inflate_ratio = (first & 0x80) != 0 ? 50 : 0;
    const int bits = 8 + second % 8;
    agreed.client_max_window_bits = bits;
    agreed.server_max_window_bits = bits;
    agreed.client_no_context_takeover = options.send_context == DeflateContext::none;
    agreed.server_no_context_takeover = options.receive_context == DeflateContext::none;
  }

  DeflateOptions options;
  DeflateParameters agreed;
};

ConnectionOptions connection_options(std::uint8_t& keys) {
  return {.receive = {.max_message_size = max_message_size},
          .mask_source = {.next = &next_key, .context = &keys}};
}

/// Frames of a server with arbitrary payloads: the client delivers messages within its limit, or
/// fails with an error that names the defect of the data.
void inflate_anything(const Setting& setting, FuzzInput& input) {
  std::uint8_t keys = 0;
  const auto pool = std::make_shared<DeflatePool>(setting.options);
  Connection client(Role::client, connection_options(keys),
                    make_deflate_codec(pool, Role::client, setting.agreed));
  Tape tape = input.tape();
  bool inside = false;
  while (!input.rest().empty() && !client.failed()) {
    const Bytes payload = input.take(tape.cut(input.rest().size()));
    const bool fin = tape.next() % 3 != 0;
    const Opcode opcode = inside                 ? Opcode::continuation
                          : tape.next() % 2 == 0 ? Opcode::binary
                                                 : Opcode::text;
    ByteBuffer frame;
    append_frame(frame, {.opcode = opcode, .fin = fin, .rsv1 = !inside}, payload);
    inside = !fin;
    while (!frame.empty()) {
      const ExactCopy piece(Bytes(frame.data()).first(tape.cut(frame.size())));
      frame.consume(piece.get().size());
      client.feed(piece.get());
      for (Event event = client.next(); !std::holds_alternative<NeedInput>(event);
           event = client.next()) {
        if (const auto* message = std::get_if<Message>(&event)) {
          require(message->payload.size() <= max_message_size, "the limit holds");
        } else if (const auto* failed = std::get_if<Failed>(&event)) {
          require(failed->error == Errc::bad_compressed_data ||
                      failed->error == Errc::message_too_big ||
                      failed->error == Errc::inflate_ratio || failed->error == Errc::invalid_utf8,
                  "an end says what is wrong with the data");
        }
      }
    }
  }
  require(pool->memory() < 200'000, "memory is bounded by the window");
}

/// A client's message arrives unchanged at the server, in fragments and whole, compressed or not.
void round_trip(const Setting& setting, FuzzInput& input) {
  std::uint8_t keys = 0;
  const auto pool = std::make_shared<DeflatePool>(setting.options);
  Connection client(Role::client, connection_options(keys),
                    make_deflate_codec(pool, Role::client, setting.agreed));
  Connection server(Role::server, connection_options(keys),
                    make_deflate_codec(pool, Role::server, setting.agreed));
  Tape tape = input.tape();
  for (int i = 0; i < 40 && !input.rest().empty(); ++i) {
    const Bytes seed = input.take(1 + tape.next() % 32);
    OwnedBytes message;
    const std::size_t copies = tape.next() % 2 == 0 ? 1 : tape.next() * 4U;
    for (std::size_t copy = 0; copy < copies; ++copy) {
      message.insert(message.end(), seed.begin(), seed.end());
    }
    const std::size_t cut = std::min(tape.cut(message.size()), message.size());
    const auto compress = tape.next() % 5 == 0 ? Compress::never : Compress::if_agreed;
    const Bytes whole = message;
    require(!client.send(Opcode::binary, whole.first(cut), false, compress), "it can be sent");
    require(!client.send(Opcode::continuation, whole.subspan(cut)), "so can the rest");
    require(!client.send(Opcode::binary, whole, true, compress), "and it as a whole");
    const ExactCopy wire(Bytes(client.output().data()));
    client.output().clear();
    server.feed(wire.get());
    int received = 0;
    for (Event event = server.next(); !std::holds_alternative<NeedInput>(event);
         event = server.next()) {
      const auto* got = std::get_if<Message>(&event);
      if (got == nullptr) {
        const auto* failed = std::get_if<Failed>(&event);
        require(failed != nullptr && failed->error == Errc::inflate_ratio,
                "only a ratio may be in the way");
        return;
      }
      require(same_bytes(got->payload, whole), "it comes as it was");
      ++received;
    }
    require(received == 2, "both come");
  }
}

}  // namespace
}  // namespace wirespan::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wirespan::fuzz;
  FuzzInput input(data, size);
  const bool arbitrary = input.byte() % 2 == 0;
  const Setting setting(input);
  if (arbitrary) {
    inflate_anything(setting, input);
  } else {
    round_trip(setting, input);
  }
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t most, unsigned seed) {
  return wirespan::fuzz::mutate_deflate({data, size, most}, seed, 3);
}
