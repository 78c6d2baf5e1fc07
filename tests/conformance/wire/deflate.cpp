// deflate.cpp - permessage-deflate with zlib.
#include "wire/deflate.hpp"

#include <algorithm>
#include <new>

namespace conformance {
namespace {

constexpr int memory_level = 8;
constexpr std::size_t output_step = std::size_t{64} << 10;
// zlib finds a distance beyond the window only if the octets are in an earlier call's output, so a
// small window is inflated in small steps: an excess of at most this many octets goes unnoticed.
constexpr std::size_t strict_output_step = 64;
constexpr std::string_view block_end{"\0\0\xff\xff", 4};

Bytef* input_of(std::string_view octets) noexcept {
  // zlib's interface has no const, but zlib does not write to its input.
  return reinterpret_cast<Bytef*>(const_cast<char*>(octets.data()));
}

}  // namespace

Compressor::Compressor(DeflateSide side) : forget_(side.no_context_takeover) {
  // zlib has no raw window of 256 octets. Without back references, no distance is too large.
  const int strategy = side.window_bits == 8 ? Z_HUFFMAN_ONLY : Z_DEFAULT_STRATEGY;
  const int bits = std::max(side.window_bits, 9);
  if (deflateInit2(&stream_, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -bits, memory_level, strategy) !=
      Z_OK) {
    throw std::bad_alloc();
  }
}

Octets Compressor::compress(std::string_view message) {
  if (forget_) deflateReset(&stream_);
  Octets out;
  stream_.next_in = input_of(message);
  stream_.avail_in = static_cast<uInt>(message.size());
  do {
    const std::size_t held = out.size();
    out.resize(held + output_step);
    stream_.next_out = reinterpret_cast<Bytef*>(out.data() + held);
    stream_.avail_out = output_step;
    deflate(&stream_, Z_SYNC_FLUSH);
    out.resize(out.size() - stream_.avail_out);
  } while (stream_.avail_out == 0);
  out.resize(out.size() - block_end.size());
  return out;
}

Decompressor::Decompressor(DeflateSide side)
    : forget_(side.no_context_takeover),
      step_(side.window_bits < 15 ? strict_output_step : output_step) {
  if (inflateInit2(&stream_, -side.window_bits) != Z_OK) throw std::bad_alloc();
}

bool Decompressor::run(std::string_view input, Octets& message) {
  stream_.next_in = input_of(input);
  stream_.avail_in = static_cast<uInt>(input.size());
  for (;;) {
    const std::size_t held = message.size();
    message.resize(held + step_);
    stream_.next_out = reinterpret_cast<Bytef*>(message.data() + held);
    stream_.avail_out = static_cast<uInt>(step_);
    const int status = inflate(&stream_, Z_SYNC_FLUSH);
    const bool full = stream_.avail_out == 0;
    message.resize(message.size() - stream_.avail_out);
    // RFC 7692 §7.2.3.4: a block with BFINAL ends a stream, not the message.
    if (status == Z_STREAM_END) inflateReset(&stream_);
    if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) return false;
    if (!full && (stream_.avail_in == 0 || status == Z_BUF_ERROR)) return true;
  }
}

std::optional<Octets> Decompressor::decompress(std::string_view compressed) {
  if (forget_) inflateReset(&stream_);
  Octets message;
  if (!run(compressed, message) || !run(block_end, message)) return std::nullopt;
  return message;
}

}  // namespace conformance
