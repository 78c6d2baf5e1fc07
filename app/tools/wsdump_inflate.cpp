// wsdump_inflate.cpp - inflates binary messages for display. RFC 1951, RFC 1952.
#include <algorithm>
#include <array>

#include <zlib.h>

#include "wsdump_text.hpp"

namespace wsdump {
namespace {

/// An inflating stream of zlib.
class Inflater {
 public:
  explicit Inflater(Deflated form)
      : ready_(inflateInit2(&stream_, form == Deflated::gzip ? 16 + MAX_WBITS : -MAX_WBITS) ==
               Z_OK) {}
  ~Inflater() {
    if (ready_) inflateEnd(&stream_);
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  std::optional<std::string> all_of(wirespan::Bytes data, std::size_t limit) {
    if (!ready_) return std::nullopt;
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(data.data()));
    stream_.avail_in = static_cast<uInt>(data.size());
    std::string plain;
    std::array<char, 16384> piece;
    int result = Z_OK;
    while (result == Z_OK && plain.size() <= limit) {
      stream_.next_out = reinterpret_cast<Bytef*>(piece.data());
      stream_.avail_out = piece.size();
      result = inflate(&stream_, Z_NO_FLUSH);
      plain.append(piece.data(), piece.size() - stream_.avail_out);
    }
    const bool is_whole = result == Z_STREAM_END && stream_.avail_in == 0;
    return is_whole && plain.size() <= limit ? std::optional(std::move(plain)) : std::nullopt;
  }

 private:
  z_stream stream_{};
  bool ready_;
};

}  // namespace

std::optional<std::string> inflated(wirespan::Bytes data, Deflated form, std::size_t limit) {
  if (data.empty()) return std::nullopt;
  return Inflater(form).all_of(data, limit);
}

}  // namespace wsdump
