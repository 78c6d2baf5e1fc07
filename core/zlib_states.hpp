// zlib_states.hpp - zlib states that a pool lends to codecs, the copy of a window, and what the two
// directions share. RFC 1951. Private to core.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <system_error>
#include <utility>

#include <zlib.h>

#include <wirespan/core/bytes.hpp>
#include <wirespan/core/deflate_parameters.hpp>
#include <wirespan/core/permessage_deflate.hpp>
#include <wirespan/core/whole_messages.hpp>

namespace wirespan {

/// Tail of a flushed message: an empty stored block without its header. The sender cuts it off, the
/// receiver appends it. RFC 7692 §7.2.1, §7.2.2.
constexpr std::array<std::byte, 4> flush_tail{std::byte{0x00}, std::byte{0x00}, std::byte{0xFF},
                                              std::byte{0xFF}};
/// Most bytes in one call of zlib, which counts in uInt.
constexpr std::size_t most_at_once = std::size_t{1} << 30;

/// zlib's pointer to bytes, which it writes only as z_stream::next_out.
inline Bytef* as_zlib(const std::byte* bytes) noexcept {
  return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes));
}

/// zlib's Z_MEM_ERROR, and a state that could not be made.
inline std::error_code out_of_memory() noexcept {
  return std::make_error_code(std::errc::not_enough_memory);
}

/// One z_stream for raw data (without zlib's own header), whose allocations are counted.
/// DeflatePool::Impl makes it and owns it while it is idle; a codec owns it while it is lent. It
/// does not move, because zlib keeps its address. init() comes once, before any other use.
class ZlibState {
 public:
  /// Direction: deflate for our messages, inflate for the peer's.
  enum class Kind : std::uint8_t { deflate, inflate };

  /// `counter`: sum of the memory of all states of the pool; must outlive the state.
  ZlibState(Kind kind, int window_bits, std::size_t& counter) noexcept;
  ~ZlibState();
  ZlibState(const ZlibState&) = delete;
  ZlibState& operator=(const ZlibState&) = delete;

  /// Initialises the z_stream. False if there is no memory or zlib refuses the options.
  [[nodiscard]] bool init(const DeflateOptions& options) noexcept;
  /// Drops the context: later bytes refer to no earlier ones. The memory is kept.
  void reset() noexcept;

  [[nodiscard]] z_stream& stream() noexcept { return stream_; }
  [[nodiscard]] Kind kind() const noexcept { return kind_; }
  [[nodiscard]] int window_bits() const noexcept { return window_bits_; }
  /// Returns the bytes of this object and of zlib's allocations for it.
  [[nodiscard]] std::size_t memory() const noexcept { return memory_ + sizeof(ZlibState); }

  ZlibState* next = nullptr;  ///< Link of the pool's list of idle states.

 private:
  static voidpf allocate(voidpf self, uInt count, uInt size) noexcept;
  static void release(voidpf self, voidpf memory) noexcept;

  z_stream stream_{};
  std::size_t& counter_;    // the pool's; this state's share of it is memory()
  std::size_t memory_ = 0;  // bytes of zlib's allocations, size prefixes included
  int window_bits_;
  Kind kind_;
  bool initialised_ = false;
};

/// Implementation of DeflatePool: lends states of the wanted kind and window, and keeps returned
/// states for reuse while their memory is at most `keep`. It must outlive the states that it has
/// lent: every codec holds a share of its pool.
class DeflatePool::Impl {
 public:
  Impl(const DeflateOptions& options, std::size_t keep)
      : options_(options), keep_(keep), whole_messages_(options.level, keep) {}
  ~Impl();
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  /// Deleter of Lent: returns the state to the pool.
  struct GiveBack {
    Impl* pool = nullptr;
    void operator()(ZlibState* state) const noexcept {
      pool->take_back(std::unique_ptr<ZlibState>(state));
    }
  };
  /// A borrowed state; goes back to the pool when it is destroyed.
  using Lent = std::unique_ptr<ZlibState, GiveBack>;

  /// Returns a state without context; null if ZlibState::init() fails. Throws std::bad_alloc.
  [[nodiscard]] Lent lend(ZlibState::Kind kind, int window_bits);

  [[nodiscard]] const DeflateOptions& options() const noexcept { return options_; }
  [[nodiscard]] WholeMessages& whole_messages() noexcept { return whole_messages_; }
  [[nodiscard]] std::size_t memory() const noexcept { return memory_ + whole_messages_.memory(); }
  [[nodiscard]] std::size_t idle() const noexcept { return idle_ + whole_messages_.memory(); }

 private:
  void take_back(std::unique_ptr<ZlibState> state) noexcept;

  DeflateOptions options_;
  std::size_t keep_;           // most bytes of idle states; idle() <= keep_
  std::size_t memory_ = 0;     // bytes of all states, lent and idle
  std::size_t idle_ = 0;       // bytes of the states in free_
  ZlibState* free_ = nullptr;  // list of the idle states, the latest first
  WholeMessages whole_messages_;
};

/// The latest uncompressed bytes of one direction, at most 2^window_bits: the context that
/// DeflateContext::dictionary keeps. Memory grows with the bytes seen, in powers of two.
class SlidingWindow {
 public:
  [[nodiscard]] Bytes bytes() const noexcept { return {storage_.get(), size_}; }
  /// Makes room for append() of `more` bytes, or of as many as the window holds. Throws
  /// std::bad_alloc, and then nothing has changed.
  void reserve(std::size_t more, int window_bits);
  /// Appends `bytes`; the oldest bytes beyond the capacity are dropped. Requires
  /// reserve(bytes.size()).
  void append(Bytes bytes) noexcept;
  /// Replaces the contents by the window of an inflating state. Throws std::bad_alloc.
  void assign_from(z_stream& inflating, int window_bits);
  void clear() noexcept { size_ = 0; }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }

 private:
  std::unique_ptr<std::byte[]> storage_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace wirespan
