// deflate_engines_fuzz.cpp - whole messages without context by libdeflate, compared with zlib: the
// same bytes inflate to the same message or are refused by both, and what is compressed comes back.
// RFC 7692 §7.2.1, §7.2.2.
#include <algorithm>
#include <array>
#include <memory>
#include <string_view>

#include <zlib.h>

#include "deflate_mutator.hpp"
#include "fuzz_input.hpp"
#include <wirespan/core/error.hpp>
#include <wirespan/core/permessage_deflate.hpp>

namespace wirespan::fuzz {
namespace {

constexpr std::size_t most = std::size_t{64} << 10;  // of a message that libdeflate sees
/// The four bytes that a receiver appends, and the final block behind them by which libdeflate
/// stops.
constexpr std::array<std::byte, 9> behind{std::byte{0},    std::byte{0},    std::byte{0xFF},
                                          std::byte{0xFF}, std::byte{1},    std::byte{0},
                                          std::byte{0},    std::byte{0xFF}, std::byte{0xFF}};

/// A codec of a server without context. A pool that keeps nothing has no libdeflate.
std::unique_ptr<MessageCodec> make_codec(std::size_t keep, int level, int window_bits) {
  DeflateOptions options;
  options.level = level;
  options.threshold = 0;
  const DeflateParameters agreed{.server_no_context_takeover = true,
                                 .client_no_context_takeover = true,
                                 .server_max_window_bits = window_bits,
                                 .client_max_window_bits = window_bits};
  return make_deflate_codec(std::make_shared<DeflatePool>(options, keep), Role::server, agreed);
}

struct Outcome {
  OwnedBytes message;
  std::error_code error;
};

/// Inflates a payload in rooms of the sizes on the tape; at most `most` bytes.
Outcome inflate_payload(MessageCodec& codec, Bytes payload, Tape rooms) {
  Outcome outcome;
  bool more = true;
  while (more && outcome.message.size() < most) {
    const ExactCopy room(rooms.cut(most));
    const MessageCodec::Decoded decoded = codec.decode(payload, true, room.get());
    outcome.error = decoded.error;
    if (outcome.error) return outcome;
    const Bytes written = room.get().first(decoded.size);
    outcome.message.insert(outcome.message.end(), written.begin(), written.end());
    more = decoded.more;
  }
  return outcome;
}

/// zlib's own opinion of a payload with other bytes behind it.
struct Verdict {
  bool is_complete = false;  ///< A final block ends with the last byte.
  std::string_view reason;   ///< Why it is refused; empty if it is not.
};

Verdict judge(Bytes payload, Bytes tail) {
  OwnedBytes whole = owned(payload);
  whole.insert(whole.end(), tail.begin(), tail.end());
  OwnedBytes room(2 * most);
  z_stream stream{};
  stream.next_in = reinterpret_cast<Bytef*>(whole.data());
  stream.avail_in = static_cast<uInt>(whole.size());
  stream.next_out = reinterpret_cast<Bytef*>(room.data());
  stream.avail_out = static_cast<uInt>(room.size());
  require(inflateInit2(&stream, -15) == Z_OK, "zlib has memory");
  const int result = inflate(&stream, Z_SYNC_FLUSH);
  Verdict verdict;
  verdict.is_complete = result == Z_STREAM_END && stream.avail_in == 0;
  if (result == Z_DATA_ERROR) verdict.reason = stream.msg;  // a literal of zlib's
  (void)inflateEnd(&stream);
  return verdict;
}

/// The payloads that libdeflate takes and zlib refuses: with codes that RFC 1951 §3.2.6 reserves,
/// with a repetition of code lengths, §3.2.7, beyond their number, and those cut off within a final
/// block of which the bytes behind the payload happen to be the rest.
bool is_known_difference(Bytes payload) {
  constexpr std::array<std::string_view, 4> known{
      "invalid literal/length code", "invalid distance code", "too many length or distance symbols",
      "invalid bit length repeat"};
  const Verdict with_more = judge(payload, behind);
  return std::ranges::find(known, with_more.reason) != known.end() ||
         (with_more.is_complete && !judge(payload, Bytes(behind).first(4)).is_complete);
}

void compare_inflating(FuzzInput& input, int level, int window_bits) {
  const Tape rooms = input.tape();
  const ExactCopy payload(input.rest());
  const auto chosen = make_codec(DeflatePool::default_keep, level, window_bits);
  const auto zlib = make_codec(0, level, window_bits);
  const Outcome expected = inflate_payload(*zlib, payload.get(), rooms);
  const Outcome outcome = inflate_payload(*chosen, payload.get(), rooms);
  const bool is_same =
      outcome.error == expected.error && same_bytes(outcome.message, expected.message);
  require(is_same || (!outcome.error && expected.error == Errc::bad_compressed_data &&
                      is_known_difference(payload.get())),
          "both engines agree on what a payload is");
}

void round_trip(FuzzInput& input, int level, int window_bits) {
  OwnedBytes message;
  Tape copies = input.tape();
  while (!input.rest().empty() && message.size() < most) {
    const Bytes part = input.take(1 + copies.next() % 64);
    const std::size_t times = 1 + copies.next() % 16;
    for (std::size_t i = 0; i < times; ++i) message.insert(message.end(), part.begin(), part.end());
  }
  const auto chosen = make_codec(DeflatePool::default_keep, level, window_bits);
  const auto zlib = make_codec(0, level, window_bits);
  ByteBuffer out;
  const auto shrinks = chosen->encode(message, true, true, out);
  require(static_cast<bool>(shrinks), "it can be compressed");
  if (!*shrinks) return;
  require(out.size() < message.size(), "what is sent compressed has shrunk");
  chosen->commit(message, true);
  const Outcome back = inflate_payload(*zlib, out.data(), {});
  require(!back.error && same_bytes(back.message, message), "zlib inflates it in that window");
}

}  // namespace
}  // namespace wirespan::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wirespan::fuzz;
  FuzzInput input(data, size);
  const bool arbitrary = input.byte() % 2 == 0;
  const std::uint8_t settings = input.byte();
  const int level = 1 + settings % 9;
  const int window_bits = settings % 3 == 0 ? 8 + settings / 3 % 8 : 15;
  if (arbitrary) {
    compare_inflating(input, level, window_bits);
  } else {
    round_trip(input, level, window_bits);
  }
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t most, unsigned seed) {
  return wirespan::fuzz::mutate_deflate({data, size, most}, seed, 2);
}
