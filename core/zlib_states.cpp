// zlib_states.cpp - makes, counts, lends and reuses zlib's states; keeps windows. RFC 1951.
#include <algorithm>
#include <bit>
#include <cstring>
#include <new>

#include <wirespan/core/zlib_states.hpp>

namespace wirespan {
namespace {

/// Least window bits with which zlib deflates raw data: it refuses 8. It inflates 8.
constexpr int least_deflate_bits = 9;
/// Size prefix of each allocation, because zfree() does not receive the size.
constexpr std::size_t size_field = alignof(std::max_align_t);

}  // namespace

ZlibState::ZlibState(Kind kind, int window_bits, std::size_t& counter) noexcept
    : counter_(counter), window_bits_(window_bits), kind_(kind) {
  counter_ += sizeof(ZlibState);
}

ZlibState::~ZlibState() {
  if (initialised_) {
    (void)(kind_ == Kind::deflate ? deflateEnd(&stream_) : inflateEnd(&stream_));
  }
  counter_ -= sizeof(ZlibState);
}

bool ZlibState::init(const DeflateOptions& options) noexcept {
  stream_.zalloc = &allocate;
  stream_.zfree = &release;
  stream_.opaque = this;
  if (kind_ == Kind::inflate) {
    initialised_ = inflateInit2(&stream_, -window_bits_) == Z_OK;
  } else {
    // With window bits of 8 agreed on, no match may reach further back than 256 bytes. zlib has no
    // such window for raw data; Z_RLE keeps the agreement, because it refers back by one byte only.
    const bool too_small = window_bits_ < least_deflate_bits;
    initialised_ = deflateInit2(&stream_, options.level, Z_DEFLATED,
                                -std::max(window_bits_, least_deflate_bits), options.memory_level,
                                too_small ? Z_RLE : Z_DEFAULT_STRATEGY) == Z_OK;
  }
  return initialised_;
}

void ZlibState::reset() noexcept {
  (void)(kind_ == Kind::deflate ? deflateReset(&stream_) : inflateReset(&stream_));
}

voidpf ZlibState::allocate(voidpf self, uInt count, uInt size) noexcept {
  auto& state = *static_cast<ZlibState*>(self);
  const std::size_t bytes = std::size_t{count} * size + size_field;
  // Without memory zlib returns Z_MEM_ERROR; an exception must not pass through C.
  auto* memory = static_cast<std::byte*>(::operator new(bytes, std::nothrow));
  if (memory == nullptr) return nullptr;
  std::memcpy(memory, &bytes, sizeof bytes);
  state.memory_ += bytes;
  state.counter_ += bytes;
  return memory + size_field;
}

void ZlibState::release(voidpf self, voidpf memory) noexcept {
  if (memory == nullptr) return;
  auto& state = *static_cast<ZlibState*>(self);
  std::byte* whole = static_cast<std::byte*>(memory) - size_field;
  std::size_t bytes = 0;
  std::memcpy(&bytes, whole, sizeof bytes);
  state.memory_ -= bytes;
  state.counter_ -= bytes;
  ::operator delete(whole);
}

DeflatePool::Impl::~Impl() {
  while (free_ != nullptr) {
    const std::unique_ptr<ZlibState> state(std::exchange(free_, free_->next));
  }
}

DeflatePool::Impl::Lent DeflatePool::Impl::lend(ZlibState::Kind kind, int window_bits) {
  for (ZlibState** link = &free_; *link != nullptr; link = &(*link)->next) {
    ZlibState* state = *link;
    if (state->kind() != kind || state->window_bits() != window_bits) continue;
    *link = std::exchange(state->next, nullptr);
    idle_ -= state->memory();
    return Lent(state, GiveBack{this});
  }
  auto state = std::make_unique<ZlibState>(kind, window_bits, memory_);
  if (!state->init(options_)) return Lent(nullptr, GiveBack{this});
  return Lent(state.release(), GiveBack{this});
}

void DeflatePool::Impl::take_back(std::unique_ptr<ZlibState> state) noexcept {
  if (idle() + state->memory() > keep_) return;
  state->reset();
  idle_ += state->memory();
  state->next = free_;
  free_ = state.release();
}

void SlidingWindow::reserve(std::size_t more, int window_bits) {
  const std::size_t most = std::size_t{1} << window_bits;
  const std::size_t wanted = more >= most - size_ ? most : std::bit_ceil(size_ + more);
  if (wanted <= capacity_) return;
  auto larger = std::make_unique_for_overwrite<std::byte[]>(wanted);
  if (size_ > 0) std::memcpy(larger.get(), storage_.get(), size_);
  storage_ = std::move(larger);
  capacity_ = wanted;
}

void SlidingWindow::append(Bytes bytes) noexcept {
  if (bytes.empty()) return;
  const Bytes latest = bytes.last(std::min(bytes.size(), capacity_));
  const std::size_t kept = std::min(size_, capacity_ - latest.size());
  if (kept > 0) std::memmove(storage_.get(), storage_.get() + (size_ - kept), kept);
  std::memcpy(storage_.get() + kept, latest.data(), latest.size());
  size_ = kept + latest.size();
}

void SlidingWindow::assign_from(z_stream& inflating, int window_bits) {
  uInt size = 0;
  (void)inflateGetDictionary(&inflating, nullptr, &size);
  size_ = 0;
  if (size == 0) return;
  reserve(size, window_bits);
  (void)inflateGetDictionary(&inflating, reinterpret_cast<Bytef*>(storage_.get()), &size);
  size_ = size;
}

}  // namespace wirespan
