// connection_bench.cpp - a Connection without a network: a batch of messages received, echoed or
// sent, as in one turn of a driver. RFC 6455 §5, §6.
#include <algorithm>
#include <cstring>
#include <memory>
#include <variant>

#include <benchmark/benchmark.h>

#include "bench_data.hpp"
#include <wirespan/core/connection.hpp>

namespace wirespan::bench {
namespace {

/// Bytes of a batch: about as much as one read returns when much is waiting.
constexpr std::size_t turn = 64u << 10;
constexpr std::size_t most_messages = 256;

/// The messages of a benchmark: how many, how large, text or not, whole or in fragments.
struct Batch {
  Opcode opcode = Opcode::text;
  std::size_t size = 0;
  std::size_t count = 0;
  std::vector<std::byte> payload;
  std::vector<std::byte> wire{};
};

Batch batch_for(const benchmark::State& state, Opcode opcode, Role sender, std::size_t parts = 1) {
  const auto size = static_cast<std::size_t>(state.range(0));
  const std::string text = text_of("a plain text of some words, as most are; ", size);
  const Bytes bytes = wire_bytes(text);
  Batch batch{.opcode = opcode,
              .size = size,
              .count = std::clamp<std::size_t>(turn / (size + 14), 1, most_messages),
              .payload = {bytes.begin(), bytes.end()}};
  Connection connection(sender, ConnectionOptions{.mask_source = fixed_keys()});
  for (std::size_t i = 0; i < batch.count; ++i) {
    for (std::size_t part = 0; part < parts; ++part) {
      const Bytes piece = bytes.subspan(size * part / parts, size / parts);
      (void)connection.send(part == 0 ? opcode : Opcode::continuation, piece, part + 1 == parts);
    }
  }
  const Bytes wire = std::as_const(connection).output().data();
  batch.wire.assign(wire.begin(), wire.end());
  return batch;
}

/// Copies the batch into the buffer, as recv() would, because unmasking changes it; then takes all
/// events. Returns the number of messages.
template <class OnMessage>
std::size_t receive(Connection& connection, const Batch& batch, MutableBytes buffer,
                    OnMessage on_message) {
  std::memcpy(buffer.data(), batch.wire.data(), batch.wire.size());
  connection.feed(buffer);
  std::size_t count = 0;
  while (true) {
    const Event event = connection.next();
    if (std::holds_alternative<NeedInput>(event)) return count;
    if (const auto* message = std::get_if<Message>(&event)) {
      on_message(*message);
      ++count;
    }
  }
}

void receive_batch(benchmark::State& state, Role role, Opcode opcode, std::size_t parts) {
  OneBlock blocks;
  const BlockSource source = blocks.source();
  const Role sender = role == Role::server ? Role::client : Role::server;
  const Batch batch = batch_for(state, opcode, sender, parts);
  Connection connection(role, ConnectionOptions{.blocks = &source});
  std::vector<std::byte> buffer(batch.wire.size());
  for (auto _ : state) {
    const std::size_t count = receive(connection, batch, buffer, [](const Message& message) {
      benchmark::DoNotOptimize(message.payload.data());
    });
    if (count != batch.count) state.SkipWithError("every message must come");
  }
  count_messages(state, batch.count, batch.size);
}

void echo_batch(benchmark::State& state, Opcode opcode) {
  OneBlock blocks;
  const BlockSource source = blocks.source();
  const Batch batch = batch_for(state, opcode, Role::client);
  // As in an echo server: text that was received has been validated, so that sending it does not
  // validate it again.
  Connection connection(Role::server,
                        ConnectionOptions{.validate_sent_text = false, .blocks = &source});
  std::vector<std::byte> buffer(batch.wire.size());
  for (auto _ : state) {
    const std::size_t count = receive(connection, batch, buffer, [&](const Message& message) {
      (void)connection.send(message.opcode, message.payload);
    });
    if (count != batch.count) state.SkipWithError("every message must come");
    benchmark::DoNotOptimize(connection.output().data().data());
    connection.output().consume(connection.output().size());
  }
  count_messages(state, batch.count, batch.size);
}

void send_batch(benchmark::State& state, Role role, Opcode opcode) {
  OneBlock blocks;
  const BlockSource source = blocks.source();
  const Batch batch = batch_for(state, opcode, role);
  Connection connection(role, ConnectionOptions{.mask_source = fixed_keys(), .blocks = &source});
  for (auto _ : state) {
    for (std::size_t i = 0; i < batch.count; ++i) {
      if (connection.send(opcode, batch.payload)) state.SkipWithError("sending must not fail");
    }
    benchmark::DoNotOptimize(connection.output().data().data());
    connection.output().consume(connection.output().size());
  }
  count_messages(state, batch.count, batch.size);
}

void sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgName("bytes");
  for (const int size : {16, 64, 125, 1024, 16384, 65536}) benchmark->Arg(size);
}

void fragmented(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgName("bytes");
  for (const int size : {64, 16384}) benchmark->Arg(size);
}

BENCHMARK_CAPTURE(receive_batch, , Role::server, Opcode::text, 1)
    ->Name("connection/server_receive/text")
    ->Apply(sizes);
BENCHMARK_CAPTURE(receive_batch, , Role::server, Opcode::binary, 1)
    ->Name("connection/server_receive/binary")
    ->Apply(sizes);
BENCHMARK_CAPTURE(receive_batch, , Role::server, Opcode::binary, 4)
    ->Name("connection/server_receive/four_fragments")
    ->Apply(fragmented);
BENCHMARK_CAPTURE(receive_batch, , Role::client, Opcode::text, 1)
    ->Name("connection/client_receive/text")
    ->Apply(sizes);
BENCHMARK_CAPTURE(receive_batch, , Role::client, Opcode::binary, 1)
    ->Name("connection/client_receive/binary")
    ->Apply(sizes);
BENCHMARK_CAPTURE(echo_batch, , Opcode::text)->Name("connection/echo/text")->Apply(sizes);
BENCHMARK_CAPTURE(echo_batch, , Opcode::binary)->Name("connection/echo/binary")->Apply(sizes);
BENCHMARK_CAPTURE(send_batch, , Role::server, Opcode::text)
    ->Name("connection/server_send/text")
    ->Apply(sizes);
BENCHMARK_CAPTURE(send_batch, , Role::server, Opcode::binary)
    ->Name("connection/server_send/binary")
    ->Apply(sizes);
BENCHMARK_CAPTURE(send_batch, , Role::client, Opcode::binary)
    ->Name("connection/client_send/binary")
    ->Apply(sizes);

}  // namespace
}  // namespace wirespan::bench
