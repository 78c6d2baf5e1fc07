// deflate_mutator.cpp - takes compressed data apart at the ends of blocks, which zlib finds,
// changes some, and writes them again. RFC 1951 §3.2.3.
#include "deflate_mutator.hpp"

#include <utility>

#include <zlib.h>

#include "mutation.hpp"

namespace wirespan::fuzz {
namespace {

/// Bits in the order of the stream: the least significant one of each byte first.
using Bits = std::vector<bool>;
using Blocks = std::vector<Bits>;

/// Bits of BFINAL and BTYPE.
constexpr std::size_t block_head = 3;

bool bit_at(Bytes bytes, std::size_t at) {
  return (std::to_integer<unsigned>(bytes[at / 8]) >> at % 8 & 1U) != 0;
}

Bits bits_of(Bytes bytes, std::size_t from, std::size_t to) {
  Bits bits;
  for (std::size_t i = from; i < to; ++i) bits.push_back(bit_at(bytes, i));
  return bits;
}

bool is_stored(const Bits& block) { return block.size() >= block_head && !block[1] && !block[2]; }

/// Inflates raw data, to find the ends of its blocks.
class BlockFinder {
 public:
  explicit BlockFinder(Bytes data) : data_(data), is_ready_(restart()) {}
  ~BlockFinder() { ::inflateEnd(&stream_); }
  BlockFinder(const BlockFinder&) = delete;
  BlockFinder& operator=(const BlockFinder&) = delete;

  /// Returns the position of the next end of a block, in bits; that of the end of the data if zlib
  /// finds no more.
  [[nodiscard]] std::size_t next() {
    std::array<std::uint8_t, 4096> room;
    for (int i = 0; is_ready_ && i < 256; ++i) {  // 1 MiB is long enough for a mutation
      stream_.next_out = room.data();
      stream_.avail_out = static_cast<unsigned>(room.size());
      const int result = ::inflate(&stream_, Z_BLOCK);
      const std::size_t used = data_.size() - stream_.avail_in;
      if (result == Z_STREAM_END) {
        is_ready_ = restart_at(used);
        return used * 8;
      }
      if (result != Z_OK) break;
      const bool is_end_of_block = (stream_.data_type & 128) != 0;
      if (is_end_of_block) return used * 8 - static_cast<unsigned>(stream_.data_type & 7);
    }
    is_ready_ = false;
    return data_.size() * 8;
  }

 private:
  [[nodiscard]] bool restart() {
    stream_.next_in = reinterpret_cast<std::uint8_t*>(const_cast<std::byte*>(data_.data()));
    stream_.avail_in = static_cast<unsigned>(data_.size());
    return ::inflateInit2(&stream_, -15) == Z_OK;
  }

  /// After a block with BFINAL the next one begins at a byte, without a window.
  [[nodiscard]] bool restart_at(std::size_t used) {
    return ::inflateReset(&stream_) == Z_OK && used < data_.size();
  }

  Bytes data_;
  z_stream stream_{};
  bool is_ready_;
};

/// Takes the data apart. The padding of a stored block is left out: write_blocks() makes its own.
Blocks blocks_of(Bytes data) {
  Blocks blocks;
  BlockFinder finder(data);
  std::size_t from = 0;
  while (from < data.size() * 8) {
    const std::size_t to = finder.next();
    if (to <= from) continue;
    Bits block = bits_of(data, from, to);
    const std::size_t aligned = (from + block_head + 7) / 8 * 8;
    if (is_stored(block) && aligned <= to) {
      block.resize(block_head);
      const Bits rest = bits_of(data, aligned, to);
      block.insert(block.end(), rest.begin(), rest.end());
    }
    blocks.push_back(std::move(block));
    from = to;
  }
  return blocks;
}

OwnedBytes write_blocks(const Blocks& blocks) {
  Bits all;
  for (const Bits& block : blocks) {
    if (!is_stored(block)) {
      all.insert(all.end(), block.begin(), block.end());
      continue;
    }
    const auto body = block.begin() + block_head;
    all.insert(all.end(), block.begin(), body);
    all.resize((all.size() + 7) / 8 * 8);
    all.insert(all.end(), body, block.end());
  }
  OwnedBytes bytes((all.size() + 7) / 8);
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i]) bytes[i / 8] |= std::byte{1} << i % 8;
  }
  return bytes;
}

void append_number(Bits& bits, unsigned value, int count) {
  for (int i = 0; i < count; ++i) bits.push_back((value >> i & 1U) != 0);
}

/// `complement` is NLEN, which should be ~LEN.
Bits stored_block(unsigned length, unsigned complement, std::size_t bytes) {
  Bits block(block_head);
  append_number(block, length, 16);
  append_number(block, complement, 16);
  for (std::size_t i = 0; i < bytes; ++i) append_number(block, 'a', 8);
  return block;
}

/// Fixed Huffman codes: a literal, and a match of 3 to 10 bytes with one of the first distances.
Bits fixed_block(Choices& choices) {
  Bits block{false, true, false};
  const auto append_code = [&](unsigned code, int count) {  // Huffman codes go from the top bit on
    for (int i = count; i-- > 0;) block.push_back((code >> i & 1U) != 0);
  };
  append_code(0x30 + 'a', 8);
  if (choices.below(2) == 0) {
    append_code(1 + static_cast<unsigned>(choices.below(8)), 7);
    append_code(static_cast<unsigned>(choices.below(32)), 5);
    if (choices.below(2) == 0) append_number(block, 0x1555, 13);
  }
  append_code(0, 7);  // end of block
  return block;
}

Bits new_block(Choices& choices) {
  constexpr std::array<unsigned, 6> lengths{0, 1, 5, 255, 4096, 65535};
  const auto size = static_cast<unsigned>(choices.below(40));
  const unsigned length = lengths[choices.below(lengths.size())];
  switch (choices.below(5)) {
    case 0:
      return stored_block(0, 0xFFFF, 0);  // an empty one, as after a flush
    case 1:
      return stored_block(size, ~size, size);
    case 2:
      return stored_block(length, ~length, size);
    case 3:
      return stored_block(size, length, size);
    default:
      return fixed_block(choices);
  }
}

void mutate_block(Bits& block, Choices& choices) {
  switch (choices.below(5)) {
    case 0:
      block[0] = !block[0];
      break;
    case 1:
      if (block.size() > 2) block[1 + choices.below(2)].flip();
      break;
    case 2:
      block.resize(choices.below(block.size()) + 1);
      break;
    default:
      block[choices.below(block.size())].flip();
  }
}

void mutate_blocks(Blocks& blocks, Choices& choices) {
  const std::size_t choice = choices.below(8);
  const std::size_t at = choices.below(blocks.size() + 1);
  const auto place = blocks.begin() + static_cast<std::ptrdiff_t>(at);
  if (blocks.empty() || choice < 2) {
    blocks.insert(place, new_block(choices));
    return;
  }
  const std::size_t other = choices.below(blocks.size());
  if (choice == 2) {
    blocks.erase(blocks.begin() + static_cast<std::ptrdiff_t>(other));
  } else if (choice == 3) {
    const Bits copy = blocks[other];
    blocks.insert(place, copy);
  } else if (choice == 4) {
    std::swap(blocks[other], blocks[choices.below(blocks.size())]);
  } else {
    mutate_block(blocks[other], choices);
  }
}

}  // namespace

std::size_t mutate_deflate(MutableInput input, unsigned seed, std::size_t settings) {
  Choices choices(seed);
  if (choices.below(4) == 0) return LLVMFuzzerMutate(input.data, input.size, input.most);
  InputParts parts(input, settings);
  if (!mutated_choices(parts, choices)) {
    Blocks blocks = blocks_of(parts.bytes);
    for (std::size_t i = choices.below(3) + 1; i > 0; --i) mutate_blocks(blocks, choices);
    parts.bytes = write_blocks(blocks);
  }
  return parts.write_to(input);
}

}  // namespace wirespan::fuzz
