// frame_bench.cpp - one frame at a time: headers encoded, whole frames encoded, whole frames
// decoded. RFC 6455 §5.2.
#include <array>
#include <cstring>

#include <benchmark/benchmark.h>

#include "bench_data.hpp"
#include <wirespan/core/frame.hpp>
#include <wirespan/core/frame_decoder.hpp>

namespace wirespan::bench {
namespace {

FrameHeader header_of(std::size_t size, bool masked) {
  return {.payload_size = size, .mask = key, .opcode = Opcode::binary, .masked = masked};
}

void encode_header(benchmark::State& state, bool masked) {
  FrameHeader header = header_of(static_cast<std::size_t>(state.range(0)), masked);
  std::array<std::byte, max_frame_header_size> out{};
  for (auto _ : state) {
    benchmark::DoNotOptimize(header);
    benchmark::DoNotOptimize(encode_frame_header(header, out));
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations());
}

/// Appends a frame to the output and consumes it, like a driver that writes at once.
void encode(benchmark::State& state, bool masked) {
  const auto payload = random_bytes(static_cast<std::size_t>(state.range(0)));
  const FrameHeader header = header_of(payload.size(), masked);
  ByteBuffer output;
  output.append(payload);  // the buffer keeps its block, as a buffer pool would lend it again
  output.append(wire_bytes("x"));
  output.consume(payload.size());
  for (auto _ : state) {
    append_frame(output, header, payload);
    benchmark::DoNotOptimize(output.data().data());
    output.consume(output.size() - 1);
  }
  count_messages(state, 1, payload.size());
}

struct DecoderInput {
  std::vector<std::byte> wire;
  std::size_t payload_size = 0;
};

DecoderInput decoder_input(const benchmark::State& state, bool masked) {
  const auto payload = random_bytes(static_cast<std::size_t>(state.range(0)));
  ByteBuffer encoded;
  append_frame(encoded, header_of(payload.size(), masked), payload);
  const Bytes wire = encoded.data();
  return {.wire = {wire.begin(), wire.end()}, .payload_size = payload.size()};
}

/// Decodes the same frame in place, so that its payload is masked and unmasked by turns; the
/// decoder does not look at it.
void decode(benchmark::State& state, bool masked) {
  auto [wire, payload_size] = decoder_input(state, masked);
  FrameDecoder decoder({.receiver = masked ? Role::server : Role::client});
  for (auto _ : state) {
    MutableBytes input(wire);
    FrameChunk chunk;
    if (decoder.next(input, chunk) != FrameDecoder::Status::chunk) {
      state.SkipWithError("the frame must be legal");
      break;
    }
    unmask(chunk);
    benchmark::DoNotOptimize(chunk.payload.data());
    benchmark::ClobberMemory();
  }
  // Without a mask the payload is never read: a figure of bytes per second would mean nothing.
  count_messages(state, 1, masked ? payload_size : 0);
}

/// Decodes the frames of one read, one behind the other; payloads are unmasked and masked by turns.
void decode_batch(benchmark::State& state, bool masked) {
  const auto [frame, payload_size] = decoder_input(state, masked);
  constexpr std::size_t count = 256;
  std::vector<std::byte> wire;
  for (std::size_t i = 0; i < count; ++i) wire.insert(wire.end(), frame.begin(), frame.end());
  FrameDecoder decoder({.receiver = masked ? Role::server : Role::client});
  for (auto _ : state) {
    MutableBytes input(wire);
    FrameChunk chunk;
    while (decoder.next(input, chunk) == FrameDecoder::Status::chunk) {
      unmask(chunk);
      benchmark::DoNotOptimize(chunk.payload.data());
    }
    benchmark::ClobberMemory();
  }
  count_messages(state, count, masked ? payload_size : 0);
}

/// The header comes in two pieces: the slow path of the decoder.
void decode_cut_header(benchmark::State& state, bool masked) {
  auto [wire, payload_size] = decoder_input(state, masked);
  FrameDecoder decoder({.receiver = masked ? Role::server : Role::client});
  for (auto _ : state) {
    FrameChunk chunk;
    MutableBytes start = MutableBytes(wire).first(1);
    MutableBytes rest = MutableBytes(wire).subspan(1);
    benchmark::DoNotOptimize(decoder.next(start, chunk));
    benchmark::DoNotOptimize(decoder.next(rest, chunk));
    unmask(chunk);
    benchmark::ClobberMemory();
  }
  count_messages(state, 1, payload_size);
}

void header_sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgName("bytes");
  for (const int size : {16, 1024, 65536}) benchmark->Arg(size);
}

void sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgName("bytes");
  for (const int size : {0, 16, 64, 125, 126, 1024, 16384, 65536}) benchmark->Arg(size);
}

void batch_sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgName("bytes");
  for (const int size : {16, 125, 126, 1000}) benchmark->Arg(size);
}

BENCHMARK_CAPTURE(encode_header, , false)->Name("frame/encode_header/plain")->Apply(header_sizes);
BENCHMARK_CAPTURE(encode_header, , true)->Name("frame/encode_header/masked")->Apply(header_sizes);
BENCHMARK_CAPTURE(encode, , false)->Name("frame/encode/plain")->Apply(sizes);
BENCHMARK_CAPTURE(encode, , true)->Name("frame/encode/masked")->Apply(sizes);
BENCHMARK_CAPTURE(decode, , false)->Name("frame/decode/plain")->Apply(sizes);
BENCHMARK_CAPTURE(decode, , true)->Name("frame/decode/masked")->Apply(sizes);
BENCHMARK_CAPTURE(decode_batch, , true)->Name("frame/decode_batch/masked")->Apply(batch_sizes);
BENCHMARK_CAPTURE(decode_batch, , false)->Name("frame/decode_batch/plain")->Apply(batch_sizes);
BENCHMARK_CAPTURE(decode_cut_header, , true)->Name("frame/decode_cut/masked")->Apply(header_sizes);

}  // namespace
}  // namespace wirespan::bench
