// zlib_reference.cpp - raw DEFLATE streams by zlib itself.
#include "support/zlib_reference.hpp"

#include <algorithm>
#include <array>
#include <random>
#include <stdexcept>
#include <string>

namespace wirespan::test {
namespace {

constexpr std::size_t step = 65536;

Bytef* as_zlib(const std::byte* bytes) {
  return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes));
}

void set_input(z_stream& stream, Bytes bytes) {
  stream.next_in = as_zlib(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
}

void require(bool good) {
  if (!good) throw std::runtime_error("zlib refuses");
}

}  // namespace

ZlibDeflater::ZlibDeflater(int window_bits, int level, int strategy) {
  require(deflateInit2(&stream_, level, Z_DEFLATED, -window_bits, 8, strategy) == Z_OK);
}

ZlibDeflater::~ZlibDeflater() { (void)deflateEnd(&stream_); }

ByteVector ZlibDeflater::run(Bytes plain, int flush) {
  ByteVector out;
  set_input(stream_, plain);
  do {
    const std::size_t before = out.size();
    out.resize(before + step);
    stream_.next_out = as_zlib(out.data() + before);
    stream_.avail_out = step;
    (void)deflate(&stream_, flush);
    out.resize(before + step - stream_.avail_out);
  } while (stream_.avail_out == 0);
  return out;
}

ByteVector ZlibDeflater::message(Bytes plain) {
  ByteVector out = run(plain, Z_SYNC_FLUSH);
  if (out.size() < 5) return {std::byte{0}};
  out.resize(out.size() - 4);
  return out;
}

ByteVector ZlibDeflater::final_message(Bytes plain) {
  ByteVector out = run(plain, Z_FINISH);
  require(deflateReset(&stream_) == Z_OK);
  out.push_back(std::byte{0});
  return out;
}

ZlibInflater::ZlibInflater(int window_bits) {
  require(inflateInit2(&stream_, -window_bits) == Z_OK);
}

ZlibInflater::~ZlibInflater() { (void)inflateEnd(&stream_); }

std::optional<ByteVector> ZlibInflater::message(Bytes compressed) {
  const ByteVector whole = join({owned(compressed), "0000ffff"_hex});
  ByteVector out;
  set_input(stream_, whole);
  while (true) {
    const std::size_t before = out.size();
    out.resize(before + step);
    stream_.next_out = as_zlib(out.data() + before);
    stream_.avail_out = step;
    const int result = inflate(&stream_, Z_SYNC_FLUSH);
    out.resize(before + step - stream_.avail_out);
    if (result == Z_STREAM_END) {  // §7.2.1 allows a block with BFINAL; the window stays
      (void)inflateResetKeep(&stream_);
    } else if (result != Z_OK && result != Z_BUF_ERROR) {
      return std::nullopt;
    }
    if (stream_.avail_out > 0 && (result != Z_STREAM_END || stream_.avail_in == 0)) break;
  }
  if (stream_.avail_in > 0) return std::nullopt;
  return out;
}

ByteVector compressible_text(std::size_t size, unsigned seed) {
  constexpr std::array words{"\"price\":", "\"volume\":", "\"symbol\":", "{",     "}",
                             ", ",         "true",        "null",        "grüße", "价格"};
  std::mt19937 random(seed);
  std::string text;
  while (text.size() < size + 16) {
    text += words[random() % words.size()];
    text += std::to_string(random() % 1000);
  }
  // Cuts between two code points, then fills up.
  std::size_t end = size;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  text.resize(end);
  text.append(size - end, 'x');
  return bytes_of(text);
}

ByteVector noise(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  ByteVector bytes(size);
  std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<std::byte>(random() & 255); });
  return bytes;
}

}  // namespace wirespan::test
