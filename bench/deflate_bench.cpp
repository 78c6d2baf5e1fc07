// deflate_bench.cpp - messages compressed and inflated by the codec, for each DeflateContext,
// beside zlib alone with the same context. RFC 7692 §7.2.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <benchmark/benchmark.h>
#include <zlib.h>

#include "bench_data.hpp"
#include <wirespan/core/byte_buffer.hpp>
#include <wirespan/core/permessage_deflate.hpp>

namespace wirespan::bench {
namespace {

constexpr std::size_t window = std::size_t{32} << 10;
/// Bytes of distinct text before the first one is repeated: more than a window, which would
/// otherwise hold every repeated text whole.
constexpr std::size_t all_texts = 8 * window;
constexpr std::string_view tail("\x00\x00\xFF\xFF", 4);  // §7.2.1: cut from every message

/// Texts of a price feed, one behind the other.
class Texts {
 public:
  explicit Texts(std::size_t size) : size_(size) {
    std::uint64_t random = 1;
    for (int i = 0; text_.size() < all_texts; ++i) {
      random = random * 6364136223846793005U + 1442695040888963407U;
      text_ += "{\"symbol\":\"S" + std::to_string(random >> 40 & 511) +
               "\",\"price\":" + std::to_string(random >> 50) + ",\"n\":" + std::to_string(i) +
               "},";
    }
    text_.resize(all_texts);
  }

  [[nodiscard]] std::size_t count() const { return all_texts / size_; }
  [[nodiscard]] Bytes at(std::size_t index) const {
    return wire_bytes(text_).subspan(index % count() * size_, size_);
  }
  /// The bytes before text `index`, at most a window; the last texts stand before the first one.
  [[nodiscard]] Bytes before(std::size_t index) const {
    const std::size_t begin = index % count() * size_;
    const std::size_t end = begin == 0 ? all_texts : begin;
    const std::size_t size = std::min(window, end);
    return wire_bytes(text_).subspan(end - size, size);
  }

 private:
  std::size_t size_;
  std::string text_;
};

std::unique_ptr<MessageCodec> make_codec(DeflateContext context, Role role) {
  const auto pool = std::make_shared<DeflatePool>(
      DeflateOptions{.send_context = context, .receive_context = context});
  const bool forget = context == DeflateContext::none;
  return make_deflate_codec(pool, role,
                            DeflateParameters{.server_no_context_takeover = forget,
                                              .client_no_context_takeover = forget});
}

/// All texts, compressed as a server sends them.
std::vector<std::vector<std::byte>> encode_all(const Texts& texts, DeflateContext context) {
  const auto codec = make_codec(context, Role::server);
  std::vector<std::vector<std::byte>> messages;
  for (std::size_t i = 0; i < texts.count(); ++i) {
    ByteBuffer out;
    (void)codec->encode(texts.at(i), true, true, out);
    codec->commit(texts.at(i), true);
    const Bytes made = out.data();
    messages.emplace_back(made.begin(), made.end());
  }
  return messages;
}

void count(benchmark::State& state, std::size_t size, std::size_t compressed) {
  count_bytes(state, size);
  state.counters["wire"] =
      benchmark::Counter(static_cast<double>(compressed), benchmark::Counter::kAvgIterations);
}

void encode(benchmark::State& state, DeflateContext context) {
  const Texts texts(static_cast<std::size_t>(state.range(0)));
  const auto codec = make_codec(context, Role::server);
  OneBlock memory;
  const BlockSource source = memory.source();
  std::size_t next = 0;
  std::size_t compressed = 0;
  for (auto _ : state) {
    ByteBuffer out(source);
    const Bytes text = texts.at(next++);
    const auto encoded = codec->encode(text, true, true, out);
    if (!encoded || !*encoded) {
      state.SkipWithError("the text must be worth it");
      break;
    }
    codec->commit(text, true);
    compressed += out.size();
    benchmark::DoNotOptimize(out.data().data());
  }
  count(state, texts.at(0).size(), compressed);
}

void decode(benchmark::State& state, DeflateContext context) {
  const Texts texts(static_cast<std::size_t>(state.range(0)));
  const auto messages = encode_all(texts, context);
  const auto codec = make_codec(context, Role::client);
  std::vector<std::byte> room(texts.at(0).size() + 1);
  std::size_t next = 0;
  std::size_t compressed = 0;
  for (auto _ : state) {
    Bytes in(messages[next++ % messages.size()]);
    compressed += in.size();
    const auto decoded = codec->decode(in, true, room);
    if (decoded.error || decoded.size + 1 != room.size()) {
      state.SkipWithError("the message must inflate");
      break;
    }
    benchmark::DoNotOptimize(room.data());
  }
  count(state, texts.at(0).size(), compressed);
}

// zlib alone.

Bytef* as_zlib(Bytes bytes) {
  return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data()));  // zlib only reads it
}

struct Deflate {
  Deflate() { (void)deflateInit2(&stream, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY); }
  ~Deflate() { (void)deflateEnd(&stream); }
  Deflate(const Deflate&) = delete;
  Deflate& operator=(const Deflate&) = delete;

  void begin(DeflateContext context, Bytes past) {
    if (context == DeflateContext::stream) return;
    (void)deflateReset(&stream);
    if (context == DeflateContext::none) return;
    (void)deflateSetDictionary(&stream, as_zlib(past), static_cast<uInt>(past.size()));
  }
  [[nodiscard]] std::size_t run(Bytes text, MutableBytes room) {
    stream.next_in = as_zlib(text);
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = as_zlib(room);
    stream.avail_out = static_cast<uInt>(room.size());
    (void)deflate(&stream, Z_SYNC_FLUSH);
    return room.size() - stream.avail_out - tail.size();
  }

  z_stream stream{};
};

struct Inflate {
  Inflate() { (void)inflateInit2(&stream, -15); }
  ~Inflate() { (void)inflateEnd(&stream); }
  Inflate(const Inflate&) = delete;
  Inflate& operator=(const Inflate&) = delete;

  void begin(DeflateContext context, Bytes past) {
    if (context == DeflateContext::stream) return;
    (void)inflateReset(&stream);
    if (context == DeflateContext::none) return;
    (void)inflateSetDictionary(&stream, as_zlib(past), static_cast<uInt>(past.size()));
  }
  /// Inflates a message, tail included; returns the bytes of its plain text.
  [[nodiscard]] std::size_t run(Bytes message, MutableBytes room) {
    stream.next_in = as_zlib(message);
    stream.avail_in = static_cast<uInt>(message.size());
    stream.next_out = as_zlib(room);
    stream.avail_out = static_cast<uInt>(room.size());
    (void)inflate(&stream, Z_SYNC_FLUSH);
    return room.size() - stream.avail_out;
  }

  z_stream stream{};
};

void zlib_encode(benchmark::State& state, DeflateContext context) {
  const Texts texts(static_cast<std::size_t>(state.range(0)));
  Deflate zlib;
  std::vector<std::byte> room(2 * texts.at(0).size());
  std::size_t next = 0;
  std::size_t compressed = 0;
  for (auto _ : state) {
    zlib.begin(context, texts.before(next));
    compressed += zlib.run(texts.at(next++), room);
    benchmark::DoNotOptimize(room.data());
  }
  count(state, texts.at(0).size(), compressed);
}

void zlib_decode(benchmark::State& state, DeflateContext context) {
  const Texts texts(static_cast<std::size_t>(state.range(0)));
  auto messages = encode_all(texts, context);
  const Bytes end = wire_bytes(tail);
  for (auto& message : messages) message.insert(message.end(), end.begin(), end.end());
  Inflate zlib;
  std::vector<std::byte> room(texts.at(0).size() + 1);
  std::size_t next = 0;
  std::size_t compressed = 0;
  for (auto _ : state) {
    const Bytes message(messages[next % messages.size()]);
    zlib.begin(context, texts.before(next++));
    if (zlib.run(message, room) + 1 != room.size()) {
      state.SkipWithError("the message must inflate");
      break;
    }
    compressed += message.size() - tail.size();
    benchmark::DoNotOptimize(room.data());
  }
  count(state, texts.at(0).size(), compressed);
}

void sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgName("bytes")->Arg(1024)->Arg(65536);
}

using enum DeflateContext;
BENCHMARK_CAPTURE(encode, , none)->Name("deflate/encode/none/codec")->Apply(sizes);
BENCHMARK_CAPTURE(zlib_encode, , none)->Name("deflate/encode/none/zlib")->Apply(sizes);
BENCHMARK_CAPTURE(encode, , dictionary)->Name("deflate/encode/dictionary/codec")->Apply(sizes);
BENCHMARK_CAPTURE(zlib_encode, , dictionary)->Name("deflate/encode/dictionary/zlib")->Apply(sizes);
BENCHMARK_CAPTURE(encode, , stream)->Name("deflate/encode/stream/codec")->Apply(sizes);
BENCHMARK_CAPTURE(zlib_encode, , stream)->Name("deflate/encode/stream/zlib")->Apply(sizes);
BENCHMARK_CAPTURE(decode, , none)->Name("deflate/decode/none/codec")->Apply(sizes);
BENCHMARK_CAPTURE(zlib_decode, , none)->Name("deflate/decode/none/zlib")->Apply(sizes);
BENCHMARK_CAPTURE(decode, , dictionary)->Name("deflate/decode/dictionary/codec")->Apply(sizes);
BENCHMARK_CAPTURE(zlib_decode, , dictionary)->Name("deflate/decode/dictionary/zlib")->Apply(sizes);
BENCHMARK_CAPTURE(decode, , stream)->Name("deflate/decode/stream/codec")->Apply(sizes);
BENCHMARK_CAPTURE(zlib_decode, , stream)->Name("deflate/decode/stream/zlib")->Apply(sizes);

}  // namespace
}  // namespace wirespan::bench
