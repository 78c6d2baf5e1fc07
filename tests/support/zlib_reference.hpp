// zlib_reference.hpp - zlib without this library as reference implementation: makes compressed
// messages and checks them.
#pragma once

#include <optional>

#include <zlib.h>

#include "support/hex.hpp"
#include <wirespan/core/bytes.hpp>

namespace wirespan::test {

/// Compresses one message after the other in one stream, as RFC 7692 §7.2.1 has it.
class ZlibDeflater {
 public:
  explicit ZlibDeflater(int window_bits = 15, int level = Z_DEFAULT_COMPRESSION,
                        int strategy = Z_DEFAULT_STRATEGY);
  ~ZlibDeflater();
  ZlibDeflater(const ZlibDeflater&) = delete;
  ZlibDeflater& operator=(const ZlibDeflater&) = delete;

  /// Returns the compressed payload of a message, without the tail 00 00 ff ff.
  [[nodiscard]] ByteVector message(Bytes plain);
  /// The same with BFINAL set in the last block, so that a new stream follows.
  [[nodiscard]] ByteVector final_message(Bytes plain);

 private:
  [[nodiscard]] ByteVector run(Bytes plain, int flush);
  z_stream stream_{};
};

/// Inflates one message after the other in one window of exactly 2^window_bits.
class ZlibInflater {
 public:
  explicit ZlibInflater(int window_bits = 15);
  ~ZlibInflater();
  ZlibInflater(const ZlibInflater&) = delete;
  ZlibInflater& operator=(const ZlibInflater&) = delete;

  /// Returns the message; nullopt if zlib refuses it, or if it does not end where a message ends.
  [[nodiscard]] std::optional<ByteVector> message(Bytes compressed);

 private:
  z_stream stream_{};
};

/// Returns text that compresses about as well as JSON does, the same in every run.
[[nodiscard]] ByteVector compressible_text(std::size_t size, unsigned seed = 1);
/// Returns bytes that do not compress at all.
[[nodiscard]] ByteVector noise(std::size_t size, unsigned seed = 1);

}  // namespace wirespan::test
