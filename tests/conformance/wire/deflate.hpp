// deflate.hpp - compresses and inflates messages, one direction of permessage-deflate each. RFC
// 7692 §7.2.
#pragma once

#include <optional>

#include <zlib.h>

#include "wire/octets.hpp"

namespace conformance {

/// The agreed parameters for the messages of one side.
struct DeflateSide {
  int window_bits = 15;
  bool no_context_takeover = false;
};

struct DeflateTerms {
  DeflateSide client;
  DeflateSide server;
};

class Compressor {
 public:
  explicit Compressor(DeflateSide side);
  ~Compressor() { deflateEnd(&stream_); }
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;

  /// Returns the message as RFC 7692 §7.2.1 puts it on the wire, without the tail 00 00 ff ff.
  [[nodiscard]] Octets compress(std::string_view message);

 private:
  z_stream stream_{};
  bool forget_;
};

class Decompressor {
 public:
  explicit Decompressor(DeflateSide side);
  ~Decompressor() { inflateEnd(&stream_); }
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;

  /// Returns the message; nullopt if the data are not DEFLATE or refer beyond the window.
  [[nodiscard]] std::optional<Octets> decompress(std::string_view compressed);

 private:
  [[nodiscard]] bool run(std::string_view input, Octets& message);

  z_stream stream_{};
  bool forget_;
  std::size_t step_;
};

}  // namespace conformance
