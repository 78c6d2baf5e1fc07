// whole_messages.hpp - libdeflate, for messages that are compressed or inflated in one piece and
// without context. RFC 1951. Private to core.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include <wirespan/core/bytes.hpp>
#include <wirespan/core/deflate_parameters.hpp>

namespace wirespan {

/// libdeflate's engines, one for each direction, which the connections of a DeflatePool share. They
/// keep nothing from one message to the next. Where they cannot help the caller takes zlib:
/// libdeflate has no streams and no window but that of 15 bits. Without libdeflate in the build
/// every function says that zlib is to do it. Not thread-safe.
class WholeMessages {
 public:
  /// Most bytes of a message, compressed or not. Longer ones are left to zlib, which stops at a
  /// limit or a bad byte and needs no room for the whole message.
  static constexpr std::size_t most = std::size_t{64} << 10;
  /// Most bytes of a message in which no reference can reach beyond the window: libdeflate knows
  /// only that of 15 bits.
  static constexpr std::size_t most_within(int window_bits) noexcept {
    return window_bits == most_window_bits ? most : std::size_t{1} << window_bits;
  }

  /// `level`: DeflateOptions::level; libdeflate's of the same number makes JSON smaller than zlib's
  /// and text about as small, in less time up to 7. `keep`: most bytes that stay allocated between
  /// messages; less than the engines need: there are none.
  WholeMessages(int level, std::size_t keep) noexcept;
  ~WholeMessages();
  WholeMessages(const WholeMessages&) = delete;
  WholeMessages& operator=(const WholeMessages&) = delete;

  /// Compresses `message` to a final block and the octet that RFC 7692 §7.2.3.4 wants behind it,
  /// and returns their size; 0 if they do not fit into `room`. std::nullopt: zlib is to do it.
  [[nodiscard]] std::optional<std::size_t> compress(Bytes message, MutableBytes room) noexcept;
  /// Inflates the payload of a whole message and returns the message's size. std::nullopt: zlib is
  /// to judge it, because it does not fit into `room` or is not plainly valid; `room` is
  /// overwritten.
  [[nodiscard]] std::optional<std::size_t> inflate(Bytes payload, MutableBytes room) noexcept;

  /// Returns the bytes that the engines hold. libdeflate does not tell: they are those that its
  /// version 1.14 allocates.
  [[nodiscard]] std::size_t memory() const noexcept;

 private:
  struct Sending;
  struct Receiving;

  std::unique_ptr<Sending> sending_;  // null until the first message in its direction
  std::unique_ptr<Receiving> receiving_;
  int level_;
  bool available_;
};

}  // namespace wirespan
