// chunked_body.hpp - decodes a body in chunked transfer coding. RFC 9112 §7.1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <wirespan/core/bytes.hpp>

namespace wirespan {

/// Decoder for one chunked body that comes in pieces, cut anywhere. Chunk extensions and trailer
/// fields are checked and skipped. Memory is bounded by the limit that feed() is given; lines by
/// limits::chunk_line_size, and all extensions and trailer fields of a body together by
/// limits::chunk_extra_size.
class ChunkedBody {
 public:
  /// Result of feed().
  enum class Status : std::uint8_t {
    needs_input,  ///< The body goes on.
    complete,     ///< The body has ended, or `out` has reached its limit. See ended().
    malformed,    ///< The input breaks the coding or a limit; `out` has the data before that.
  };

  /// Decodes the next piece of the body and appends its data to `out`, which never grows beyond
  /// `limit` bytes in all. After `complete` and `malformed` input is ignored, and the answer stays.
  [[nodiscard]] Status feed(Bytes input, std::string& out, std::size_t limit);
  /// Bytes of the last input that belong to the body; after its end, the rest is the next response.
  [[nodiscard]] std::size_t consumed() const noexcept { return consumed_; }
  /// True if the end of the body was seen; false for a body that was cut at the limit.
  [[nodiscard]] bool ended() const noexcept { return state_ == State::ended; }

 private:
  enum class State : std::uint8_t {
    size_start,     // the first digit of a chunk size
    size,           // its other digits
    extension_gap,  // blanks before ';'
    extension,      // the text of chunk extensions
    size_lf,        // LF of the line with the size
    data,           // bytes of the chunk
    data_cr,        // CR LF behind them
    data_lf,
    trailer_start,  // a trailer field, or the final empty line
    trailer_name,
    trailer_value,
    trailer_lf,
    final_lf,
    ended,
    cut_at_limit,
    broken,
  };

  [[nodiscard]] State after(char c) noexcept;
  [[nodiscard]] State after_size_digit(char c) noexcept;
  [[nodiscard]] bool count(State before) noexcept;
  std::size_t take_data(Bytes input, std::string& out, std::size_t limit);

  State state_ = State::size_start;
  std::uint64_t chunk_left_ = 0;  // bytes of the chunk that are still to come
  std::size_t line_ = 0;          // bytes of the current line
  std::size_t extra_ = 0;         // bytes of extensions and trailer fields so far
  std::size_t consumed_ = 0;
};

}  // namespace wirespan
