// whole_messages.cpp - compresses and inflates whole messages with libdeflate. RFC 7692 §7.2.
#include <algorithm>
#include <array>
#include <cstring>
#include <new>

#include <libdeflate.h>

#include <wirespan/core/whole_messages.hpp>

namespace wirespan {
namespace {

/// Bytes of libdeflate's allocations: compressor of level 1, of 2 to 9, decompressor.
constexpr std::size_t fast_compressor_size = 205'456;
constexpr std::size_t compressor_size = 671'744;
constexpr std::size_t decompressor_size = 11'568;

/// The octet behind a final block: the header of an empty stored block, as after any message.
constexpr std::byte final_octet{0x00};
/// The bytes behind a payload: the tail that its sender cut off, RFC 7692 §7.2.2, and an empty
/// final block, at which libdeflate stops.
constexpr std::array<std::byte, 9> behind{std::byte{0x00}, std::byte{0x00}, std::byte{0xFF},
                                          std::byte{0xFF}, std::byte{0x01}, std::byte{0x00},
                                          std::byte{0x00}, std::byte{0xFF}, std::byte{0xFF}};

/// True for a payload whose final block ended after `taken` bytes, if nothing but the octet that
/// belongs there comes after it.
bool ends_with_final_block(Bytes payload, std::size_t taken) noexcept {
  return taken == payload.size() || (taken + 1 == payload.size() && payload.back() == final_octet);
}

/// True for a stored block of the payload that was cut off and has taken `behind` for its content.
bool ends_with(Bytes message, Bytes end) noexcept {
  return message.size() >= end.size() && std::ranges::equal(message.last(end.size()), end);
}

/// Most bytes that the engines of both directions hold.
constexpr std::size_t all_memory =
    compressor_size + decompressor_size + WholeMessages::most + behind.size();

}  // namespace

struct WholeMessages::Sending {
  explicit Sending(int level) noexcept : engine(libdeflate_alloc_compressor(level)) {}
  ~Sending() { libdeflate_free_compressor(engine); }
  Sending(const Sending&) = delete;
  Sending& operator=(const Sending&) = delete;

  libdeflate_compressor* engine;  // null: no memory
};

struct WholeMessages::Receiving {
  Receiving() noexcept : engine(libdeflate_alloc_decompressor()) {}
  ~Receiving() { libdeflate_free_decompressor(engine); }
  Receiving(const Receiving&) = delete;
  Receiving& operator=(const Receiving&) = delete;

  libdeflate_decompressor* engine;                    // null: no memory
  std::array<std::byte, most + behind.size()> input;  // a payload and what comes behind it
};

WholeMessages::WholeMessages(int level, std::size_t keep) noexcept
    : level_(level), available_(keep >= all_memory) {}

WholeMessages::~WholeMessages() = default;

std::optional<std::size_t> WholeMessages::compress(Bytes message, MutableBytes room) noexcept {
  if (!available_ || message.size() > most) return std::nullopt;
  if (!sending_) sending_.reset(new (std::nothrow) Sending(level_));
  if (!sending_ || sending_->engine == nullptr) return std::nullopt;
  if (room.empty()) return 0;
  const std::size_t size = libdeflate_deflate_compress(
      sending_->engine, message.data(), message.size(), room.data(), room.size() - 1);
  if (size == 0) return 0;
  room[size] = final_octet;
  return size + 1;
}

std::optional<std::size_t> WholeMessages::inflate(Bytes payload, MutableBytes room) noexcept {
  if (!available_ || payload.empty() || payload.size() > most) return std::nullopt;
  if (!receiving_) receiving_.reset(new (std::nothrow) Receiving);
  if (!receiving_ || receiving_->engine == nullptr) return std::nullopt;
  std::byte* const input = receiving_->input.data();
  std::memcpy(input, payload.data(), payload.size());
  std::memcpy(input + payload.size(), behind.data(), behind.size());
  const std::size_t size = payload.size() + behind.size();
  std::size_t taken = 0;
  std::size_t written = 0;
  const auto result = libdeflate_deflate_decompress_ex(receiving_->engine, input, size, room.data(),
                                                       room.size(), &taken, &written);
  if (result != LIBDEFLATE_SUCCESS) return std::nullopt;
  const bool is_complete = taken == size ? !ends_with(room.first(written), behind)
                                         : ends_with_final_block(payload, taken);
  return is_complete ? std::optional(written) : std::nullopt;
}

std::size_t WholeMessages::memory() const noexcept {
  const std::size_t for_sending = level_ == 1 ? fast_compressor_size : compressor_size;
  return (sending_ ? for_sending + sizeof(Sending) : 0) +
         (receiving_ ? decompressor_size + sizeof(Receiving) : 0);
}

}  // namespace wirespan
