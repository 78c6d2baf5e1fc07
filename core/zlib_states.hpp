// zlib_states.hpp - zlib's streams as values that are lent and given back. RFC 1951. Private.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include <zlib.h>

#include <wirespan/core/bytes.hpp>
#include <wirespan/core/deflate_parameters.hpp>
#include <wirespan/core/permessage_deflate.hpp>

namespace wirespan {

/// One z_stream, raw (without zlib's own header), whose memory is counted. It does not move: zlib
/// keeps its address.
class ZlibState {
 public:
  enum class Kind : std::uint8_t { deflate, inflate };

  ZlibState(Kind kind, int window_bits, std::size_t& counter) noexcept;
  ~ZlibState();
  ZlibState(const ZlibState&) = delete;
  ZlibState& operator=(const ZlibState&) = delete;

  /// False if there is no memory.
  [[nodiscard]] bool init(const DeflateOptions& options) noexcept;
  /// As new: nothing that comes later refers to what was before.
  void reset() noexcept;

  [[nodiscard]] z_stream& stream() noexcept { return stream_; }
  [[nodiscard]] Kind kind() const noexcept { return kind_; }
  [[nodiscard]] int window_bits() const noexcept { return window_bits_; }
  /// Bytes that zlib has allocated for it.
  [[nodiscard]] std::size_t memory() const noexcept { return memory_ + sizeof(ZlibState); }

  ZlibState* next = nullptr;  ///< For the pool's list.

 private:
  static voidpf allocate(voidpf self, uInt count, uInt size) noexcept;
  static void release(voidpf self, voidpf memory) noexcept;

  z_stream stream_{};
  std::size_t& counter_;
  std::size_t memory_ = 0;
  int window_bits_;
  Kind kind_;
  bool initialised_ = false;
};

/// Lends states of the wanted kind and window, and keeps what comes back up to a bound.
class DeflatePool::Impl {
 public:
  Impl(const DeflateOptions& options, std::size_t keep) : options_(options), keep_(keep) {}
  ~Impl();
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  struct GiveBack {
    Impl* pool = nullptr;
    void operator()(ZlibState* state) const noexcept {
      pool->take_back(std::unique_ptr<ZlibState>(state));
    }
  };
  /// Goes back to the pool by itself.
  using Lent = std::unique_ptr<ZlibState, GiveBack>;

  /// A fresh state; null if there is no memory for one. May throw std::bad_alloc.
  [[nodiscard]] Lent lend(ZlibState::Kind kind, int window_bits);

  [[nodiscard]] const DeflateOptions& options() const noexcept { return options_; }
  [[nodiscard]] std::size_t memory() const noexcept { return memory_; }
  [[nodiscard]] std::size_t idle() const noexcept { return idle_; }

 private:
  void take_back(std::unique_ptr<ZlibState> state) noexcept;

  DeflateOptions options_;
  std::size_t keep_;
  std::size_t memory_ = 0;
  std::size_t idle_ = 0;
  ZlibState* free_ = nullptr;
};

/// The latest bytes of a direction, at most 2^bits: what DeflateContext::dictionary remembers.
class SlidingWindow {
 public:
  [[nodiscard]] Bytes bytes() const noexcept { return {storage_.get(), size_}; }
  /// Room for what append() or assign() will be given. Throws std::bad_alloc, and then nothing has
  /// changed. Memory grows with what was seen.
  void reserve(std::size_t more, int window_bits);
  /// Requires reserve(bytes.size()).
  void append(Bytes bytes) noexcept;
  /// Takes over what an inflating state remembers. Throws std::bad_alloc.
  void assign_from(z_stream& inflating, int window_bits);
  void clear() noexcept { size_ = 0; }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }

 private:
  std::unique_ptr<std::byte[]> storage_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace wirespan
