// RFC 7692 §7.2.1, §7.2.2: messages without context, by libdeflate where the build has it, as by
// zlib.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/case_name.hpp"
#include "support/deflate_cases.hpp"
#include "support/zlib_reference.hpp"
#include <wirespan/core/error.hpp>
#include <wirespan/core/limits.hpp>
#include <wirespan/core/permessage_deflate.hpp>

namespace wirespan::test {
namespace {

/// A codec of a server, both directions without context. A pool that keeps nothing has no
/// libdeflate.
class Engine {
 public:
  enum class Kind : std::uint8_t { chosen, zlib };

  explicit Engine(Kind kind, DeflateOptions options = {}, DeflateParameters agreed = both_forget)
      : pool_(std::make_shared<DeflatePool>(options,
                                            kind == Kind::zlib ? 0 : DeflatePool::default_keep)),
        codec_(make_deflate_codec(pool_, Role::server, agreed)) {}

  /// Returns the compressed payload; std::nullopt if the message is better sent as it is.
  std::optional<ByteVector> compressed(Bytes message) {
    ByteBuffer out;
    const auto done = codec_->encode(message, true, true, out);
    if (!done) throw std::system_error(done.error());
    if (!*done) return std::nullopt;
    codec_->commit(message, true);
    return owned(out.data());
  }

  struct Outcome {
    ByteVector message;
    std::error_code error;
    bool operator==(const Outcome&) const = default;
    friend void PrintTo(const Outcome& outcome, std::ostream* out) {
      *out << outcome.message.size() << " bytes, " << outcome.error.message();
    }
  };
  /// Inflates a payload in rooms of `room` bytes.
  Outcome inflated(Bytes payload, std::size_t room = 65536) {
    Outcome outcome;
    bool more = true;
    while (more) {
      ByteVector step(room);
      const MessageCodec::Decoded decoded = codec_->decode(payload, true, step);
      if (decoded.error) return {{}, decoded.error};
      outcome.message.insert(outcome.message.end(), step.begin(),
                             step.begin() + static_cast<std::ptrdiff_t>(decoded.size));
      more = decoded.more;
    }
    EXPECT_TRUE(payload.empty());
    EXPECT_EQ(codec_->decoded_size(), 0U) << "the message is over";
    return outcome;
  }
  [[nodiscard]] const DeflatePool& pool() const { return *pool_; }

 private:
  std::shared_ptr<DeflatePool> pool_;
  std::unique_ptr<MessageCodec> codec_;
};

constexpr std::size_t most = std::size_t{64} << 10;  // of a message that is not left to zlib

std::vector<ByteVector> messages() {
  std::vector<ByteVector> all;
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{20}, std::size_t{256},
        std::size_t{257}, std::size_t{512}, std::size_t{513}, std::size_t{4096}, std::size_t{4097},
        std::size_t{32768}, most - 1, most, most + 1, 5 * most}) {
    all.push_back(compressible_text(size));
    all.push_back(noise(size));
    all.emplace_back(size);
  }
  return all;
}

TEST(Section7_2Engines, R156_what_is_sent_is_inflated_by_zlib_in_the_agreed_window) {
  for (const int bits : {8, 9, 12, 15}) {
    for (const int level : {1, 2, 6, 9}) {
      DeflateParameters agreed = both_forget;
      agreed.server_max_window_bits = bits;
      Engine engine(Engine::Kind::chosen, {.level = level}, agreed);
      for (const ByteVector& message : messages()) {
        SCOPED_TRACE(std::to_string(bits) + " bits, level " + std::to_string(level) + ", " +
                     std::to_string(message.size()) + " bytes");
        const auto payload = engine.compressed(message);
        if (!payload) continue;
        EXPECT_LT(payload->size(), message.size());
        EXPECT_EQ(ZlibInflater(bits).message(*payload), message);
      }
    }
  }
}

TEST(Section7_2Engines, R156_what_does_not_shrink_is_sent_as_it_is) {
  for (const auto kind : {Engine::Kind::chosen, Engine::Kind::zlib}) {
    Engine engine(kind);
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{1024}, most}) {
      EXPECT_EQ(engine.compressed(noise(size)), std::nullopt) << size;
    }
    EXPECT_NE(engine.compressed(compressible_text(1024)), std::nullopt);
  }
}

/// Ways to compress a message, each as a peer may choose.
std::vector<std::pair<std::string, ByteVector>> payloads(Bytes message) {
  std::vector<std::pair<std::string, ByteVector>> all;
  for (const int level : {0, 1, 9}) {
    const std::string name = "level_" + std::to_string(level);
    all.emplace_back(name, ZlibDeflater(15, level).message(message));
    all.emplace_back(name + "_bfinal", ZlibDeflater(15, level).final_message(message));
    ByteVector bare = all.back().second;
    bare.pop_back();
    all.emplace_back(name + "_bfinal_and_nothing_behind", bare);
  }
  for (const int strategy : {Z_FILTERED, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED}) {
    all.emplace_back("strategy_" + std::to_string(strategy),
                     ZlibDeflater(15, 6, strategy).message(message));
  }
  const Bytes half = message.first(message.size() / 2);
  ByteVector first = ZlibDeflater().final_message(half);
  first.pop_back();  // the octet that ends a message
  all.emplace_back("two_streams",
                   join({first, ZlibDeflater().message(message.subspan(half.size()))}));
  return all;
}

TEST(Section7_2Engines, R157_R161_every_form_of_a_payload_is_inflated_in_every_room) {
  Engine engine(Engine::Kind::chosen);
  for (const ByteVector& message : messages()) {
    for (const auto& [name, payload] : payloads(message)) {
      for (const std::size_t room : {std::size_t{1000}, std::size_t{4096}, most, 8 * most}) {
        SCOPED_TRACE(name + ", " + std::to_string(message.size()) + " bytes, in " +
                     std::to_string(room));
        ASSERT_EQ(engine.inflated(payload, room), (Engine::Outcome{message, {}}));
      }
    }
  }
}

/// Returns zlib's reason to refuse a payload; empty if it has none.
std::string refusal(Bytes payload) {
  const ByteVector whole = join({owned(payload), "0000ffff"_hex});
  ByteVector room(most);
  z_stream stream{};
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(whole.data()));
  stream.avail_in = static_cast<uInt>(whole.size());
  stream.next_out = reinterpret_cast<Bytef*>(room.data());
  stream.avail_out = static_cast<uInt>(room.size());
  if (inflateInit2(&stream, -15) != Z_OK) throw std::runtime_error("zlib refuses");
  const bool is_bad = inflate(&stream, Z_SYNC_FLUSH) == Z_DATA_ERROR;
  std::string reason = is_bad ? stream.msg : "";
  (void)inflateEnd(&stream);
  return reason;
}

/// The difference between the engines: libdeflate takes the codes that RFC 1951 §3.2.6 reserves
/// (286 and 287, 30 and 31) for the longest match and the farthest distance, and ends a repetition
/// of code lengths, §3.2.7, where there are no more of them.
bool is_taken_by_libdeflate(const std::string& reason) {
  return reason == "invalid literal/length code" || reason == "invalid distance code" ||
         reason == "too many length or distance symbols" || reason == "invalid bit length repeat";
}

TEST(Section7_2Engines, R160_a_payload_with_a_wrong_bit_or_cut_off_ends_as_with_zlib) {
  std::size_t refused = 0;
  for (const ByteVector& message : {compressible_text(90), noise(40), ByteVector(300)}) {
    for (const auto& [name, payload] : payloads(message)) {
      const auto compare = [&](Bytes changed, const std::string& what) {
        Engine zlib(Engine::Kind::zlib);
        const Engine::Outcome expected = zlib.inflated(changed);
        if (expected.error == Errc::bad_compressed_data) ++refused;
        const Engine::Outcome outcome = Engine(Engine::Kind::chosen).inflated(changed);
        if (outcome == expected || is_taken_by_libdeflate(refusal(changed))) return;
        ADD_FAILURE() << what << " " << refusal(changed) << ": " << outcome.error.message()
                      << " instead of " << expected.error.message();
      };
      for (std::size_t size = 0; size < payload.size(); ++size) {
        compare(Bytes(payload).first(size),
                std::string(name) + " cut after " + std::to_string(size));
      }
      for (std::size_t bit = 0; bit < 8 * payload.size(); ++bit) {
        ByteVector changed = payload;
        changed[bit / 8] ^= std::byte{1} << (bit % 8);
        compare(changed, std::string(name) + " with a wrong bit " + std::to_string(bit));
      }
    }
  }
  EXPECT_GT(refused, 1000U);
}

TEST(Section7_2Engines, a_reference_beyond_the_agreed_window_is_refused) {
  const ByteVector part = noise(600);
  const ByteVector message = join({part, part});
  const ByteVector payload = ZlibDeflater().message(message);
  ASSERT_LT(payload.size(), 1000U) << "the second half refers to the first";
  for (const auto kind : {Engine::Kind::chosen, Engine::Kind::zlib}) {
    DeflateParameters agreed = both_forget;
    EXPECT_EQ(Engine(kind, {}, agreed).inflated(payload), (Engine::Outcome{message, {}}));
    agreed.client_max_window_bits = 9;
    EXPECT_EQ(Engine(kind, {}, agreed).inflated(payload).error, Errc::bad_compressed_data);
  }
}

TEST(Section7_2Engines, a_message_that_grows_too_much_is_refused_once_it_is_above_the_floor) {
  const ByteVector below(limits::inflate_ratio_floor);
  const ByteVector above(limits::inflate_ratio_floor + 1000);
  for (const auto kind : {Engine::Kind::chosen, Engine::Kind::zlib}) {
    Engine engine(kind, {.max_inflate_ratio = 50});
    EXPECT_EQ(engine.inflated(ZlibDeflater().message(below)), (Engine::Outcome{below, {}}));
    EXPECT_EQ(engine.inflated(ZlibDeflater().message(above)).error, Errc::inflate_ratio);
  }
}

TEST(Section7_2Engines, a_pool_that_keeps_nothing_holds_nothing_between_messages) {
  Engine engine(Engine::Kind::zlib);
  const ByteVector message = compressible_text(1024);
  const auto payload = engine.compressed(message);
  ASSERT_TRUE(payload);
  EXPECT_EQ(engine.inflated(*payload), (Engine::Outcome{message, {}}));
  EXPECT_EQ(engine.pool().memory(), 0U);
}

TEST(Section7_2Engines, the_engines_of_a_pool_are_counted_and_stay_below_a_megabyte) {
  Engine engine(Engine::Kind::chosen);
  EXPECT_EQ(engine.pool().memory(), 0U) << "none before the first message";
  const ByteVector message = compressible_text(1024);
  const auto payload = engine.compressed(message);
  ASSERT_TRUE(payload);
  EXPECT_EQ(engine.inflated(*payload), (Engine::Outcome{message, {}}));
  EXPECT_GT(engine.pool().memory(), 200'000U);
  EXPECT_LT(engine.pool().memory(), 1'000'000U);
  EXPECT_EQ(engine.pool().idle(), engine.pool().memory());
}

}  // namespace
}  // namespace wirespan::test
