// permessage_deflate.hpp - the codec of permessage-deflate, and the zlib states that it is lent.
// RFC 7692 §7.2.
#pragma once

#include <cstddef>
#include <memory>

#include <wirespan/core/deflate_parameters.hpp>
#include <wirespan/core/message_codec.hpp>
#include <wirespan/core/opcode.hpp>

namespace wirespan {

/// What the compressed connections of one loop share: options, and zlib states that are lent for
/// the time of a message, or for as long as a connection keeps its context. Not thread-safe. The
/// codecs hold on to it.
class DeflatePool {
 public:
  /// Bytes of zlib states that may lie idle: a few for sending, some dozens for receiving.
  static constexpr std::size_t default_keep = std::size_t{2} << 20;

  /// Requires check_deflate_options() to be content, or every codec will fail.
  explicit DeflatePool(const DeflateOptions& options, std::size_t keep = default_keep);
  ~DeflatePool();
  DeflatePool(const DeflatePool&) = delete;
  DeflatePool& operator=(const DeflatePool&) = delete;

  [[nodiscard]] const DeflateOptions& options() const noexcept;
  /// Bytes of zlib states, lent and idle.
  [[nodiscard]] std::size_t memory() const noexcept;
  /// Bytes of those that lie idle.
  [[nodiscard]] std::size_t idle() const noexcept;

  class Impl;  // of the codec
  [[nodiscard]] Impl& impl() noexcept { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

/// The codec of one connection, as agreed. Null without an agreement, or in a build without zlib.
[[nodiscard]] std::unique_ptr<MessageCodec> make_deflate_codec(
    const std::shared_ptr<DeflatePool>& pool, Role role,
    const std::optional<DeflateParameters>& agreed);

}  // namespace wirespan
