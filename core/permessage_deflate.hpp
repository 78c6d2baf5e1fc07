// permessage_deflate.hpp - the codec of permessage-deflate, and the pool of zlib states it borrows
// from. RFC 7692 §7.2.
#pragma once

#include <cstddef>
#include <memory>

#include <wirespan/core/deflate_parameters.hpp>
#include <wirespan/core/message_codec.hpp>
#include <wirespan/core/opcode.hpp>

namespace wirespan {

/// Pool of zlib states, and the compression options, of the connections of one event loop. A
/// connection borrows a state for the time of a message, or, with DeflateContext::stream, for its
/// own life. Idle states up to `keep` bytes stay allocated for reuse. Every codec shares ownership
/// of its pool, so the pool lives as long as the last codec. In a build with libdeflate
/// (WIRESPAN_LIBDEFLATE) the pool has an engine of it for each direction, too, about 820 KB when
/// both are in use: messages of up to 64 KiB without context are compressed and inflated by it,
/// unless `keep` is less. Not thread-safe.
class DeflatePool {
 public:
  /// Default of `keep`: 2 MiB hold a few states for sending or some dozens for receiving.
  static constexpr std::size_t default_keep = std::size_t{2} << 20;

  /// Requires check_deflate_options() to accept `options`, or every codec will fail. `keep`: most
  /// bytes of idle states; 0: every state is freed when it is given back.
  explicit DeflatePool(const DeflateOptions& options, std::size_t keep = default_keep);
  ~DeflatePool();
  DeflatePool(const DeflatePool&) = delete;
  DeflatePool& operator=(const DeflatePool&) = delete;

  /// Returns the options given to the constructor.
  [[nodiscard]] const DeflateOptions& options() const noexcept;
  /// Returns the bytes of all states and engines, borrowed and idle.
  [[nodiscard]] std::size_t memory() const noexcept;
  /// Returns the bytes of the idle states, and of libdeflate's engines.
  [[nodiscard]] std::size_t idle() const noexcept;

  class Impl;  // zlib_states.hpp; for the codec only
  /// The states themselves, for the codec.
  [[nodiscard]] Impl& impl() noexcept { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

/// Returns the codec of one connection with the agreed parameters; null if there is no pool,
/// nothing was agreed on, or the build has no zlib. `role`: ours. Throws std::bad_alloc.
[[nodiscard]] std::unique_ptr<MessageCodec> make_deflate_codec(
    const std::shared_ptr<DeflatePool>& pool, Role role,
    const std::optional<DeflateParameters>& agreed);

}  // namespace wirespan
