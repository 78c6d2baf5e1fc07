// core/message_assembler.cpp: joining fragments, memory bounds, and the direct window. RFC 6455
// §5.4, §10.4.
#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include "support/every_cut.hpp"
#include "support/fail_after.hpp"
#include "support/frames.hpp"
#include "support/hex.hpp"
#include <wirespan/core/error.hpp>
#include <wirespan/core/message_assembler.hpp>

namespace wirespan::test {
namespace {

/// A frame decoder and an assembler, as a client has them.
class Receiver {
 public:
  explicit Receiver(const ReceiveOptions& options = {}) : options_(options) {}

  /// Digests `input` until its first outcome or its end.
  Event push(MutableBytes input) {
    assembler_.release_delivered();
    FrameChunk chunk;
    Event outcome;
    while (decoder_.next(input, chunk) == FrameDecoder::Status::chunk) {
      error_ = assembler_.push(chunk, options_, outcome);
      if (error_ || !std::holds_alternative<NeedInput>(outcome)) break;
    }
    return outcome;
  }
  Event push_copy(const ByteVector& wire) {
    copy_ = wire;
    return push(copy_);
  }

  void deliver_fragments(bool on) { options_.deliver_fragments = on; }
  MessageAssembler& assembler() { return assembler_; }
  [[nodiscard]] const CountingBlocks& blocks() const { return blocks_; }
  [[nodiscard]] std::uint64_t remaining() const { return decoder_.remaining(); }
  [[nodiscard]] std::error_code error() const { return error_; }

 private:
  ReceiveOptions options_;
  CountingBlocks blocks_;
  FrameDecoder decoder_{FrameRules{.receiver = Role::client}};
  MessageAssembler assembler_{blocks_.source()};
  std::error_code error_;
  ByteVector copy_;
};

ByteVector header_of_16_mib(unsigned first_byte = 0x82) {
  return join({ByteVector{static_cast<std::byte>(first_byte)}, "7f 0000000001000000"_hex});
}

TEST(MessageAssembler, a_message_in_one_piece_stays_where_it_lies) {
  Receiver receiver;
  const ExactCopy wire("82 03 010203"_hex);
  const auto outcome = receiver.push(wire.bytes());
  const auto& message = std::get<Message>(outcome);
  EXPECT_EQ(message.payload.data(), wire.bytes().data() + 2);
  EXPECT_EQ(receiver.assembler().memory(), 0U);
  EXPECT_EQ(receiver.blocks().lent(), 0);
}

TEST(MessageAssembler, a_message_whose_header_came_alone_stays_where_it_lies) {
  Receiver receiver;
  (void)receiver.push_copy("82 7e 0100"_hex);
  EXPECT_EQ(receiver.assembler().memory(), 0U) << "nothing is kept of a header";
  const ExactCopy payload(pattern_bytes(256));
  const auto outcome = receiver.push(payload.bytes());
  EXPECT_EQ(std::get<Message>(outcome).payload.data(), payload.bytes().data());
  EXPECT_EQ(receiver.blocks().lent(), 0);
}

TEST(MessageAssembler, R122_memory_grows_with_bytes_received_not_with_bytes_announced) {
  std::vector<std::unique_ptr<Receiver>> receivers;
  std::size_t held = 0;
  for (int i = 0; i < 40; ++i) {
    receivers.push_back(std::make_unique<Receiver>());
    Receiver& receiver = *receivers.back();
    (void)receiver.push_copy(join({header_of_16_mib(), pattern_bytes(10)}));
    EXPECT_FALSE(receiver.error());
    held += receiver.assembler().memory();
  }
  EXPECT_LT(held, 1U << 20) << "40 frames of 16 MiB announced, 400 bytes received";
}

TEST(MessageAssembler, R122_never_more_than_twice_what_came_and_never_much_more_than_announced) {
  Receiver receiver;
  (void)receiver.push_copy(header_of_16_mib());
  std::size_t received = 0;
  while (received < 1'000'000) {
    (void)receiver.push_copy(pattern_bytes(777));
    received += 777;
    ASSERT_LE(receiver.assembler().memory(), std::max<std::size_t>(2 * received, 4096));
  }
  Receiver small;
  (void)small.push_copy(join({"82 7e 0bb8"_hex, pattern_bytes(10)}));  // 3000 bytes announced
  EXPECT_LE(small.assembler().memory(), 3000U);
}

TEST(MessageAssembler, a_delivered_message_gives_its_memory_back) {
  Receiver receiver;
  (void)receiver.push_copy("02 02 0102"_hex);
  EXPECT_GT(receiver.assembler().memory(), 0U);
  const auto outcome = receiver.push_copy("80 02 0304"_hex);
  EXPECT_EQ(owned(std::get<Message>(outcome).payload), "01020304"_hex);
  EXPECT_GT(receiver.assembler().memory(), 0U) << "the view still points there";
  receiver.assembler().release_delivered();
  EXPECT_EQ(receiver.assembler().memory(), 0U);
  EXPECT_EQ(receiver.blocks().outstanding(), 0);
  receiver.assembler().release_delivered();
}

TEST(MessageAssembler, an_unfinished_message_is_not_released) {
  Receiver receiver;
  (void)receiver.push_copy("02 02 0102"_hex);
  receiver.assembler().release_delivered();
  const auto outcome = receiver.push_copy("80 01 03"_hex);
  EXPECT_EQ(owned(std::get<Message>(outcome).payload), "010203"_hex);
}

TEST(MessageAssembler, R122_fragments_are_counted_empty_ones_too) {
  ReceiveOptions three;
  three.max_fragments = 3;
  Receiver receiver(three);
  (void)receiver.push_copy("02 00 00 00 80 00"_hex);
  EXPECT_FALSE(receiver.error());
  (void)receiver.push_copy("82 00"_hex);
  EXPECT_FALSE(receiver.error()) << "each message is counted anew";
  (void)receiver.push_copy("02 00 00 00 00 00 80 00"_hex);
  EXPECT_EQ(receiver.error(), Errc::too_many_fragments);
}

TEST(MessageAssembler, R122_fragments_are_counted_when_they_are_delivered_too) {
  ReceiveOptions options;
  options.max_fragments = 2;
  options.max_message_size = 3;
  options.deliver_fragments = true;
  Receiver counted(options);
  (void)counted.push_copy("02 00"_hex);
  (void)counted.push_copy("00 00"_hex);
  EXPECT_FALSE(counted.error());
  (void)counted.push_copy("00 00"_hex);
  EXPECT_EQ(counted.error(), Errc::too_many_fragments);
  Receiver summed(options);
  (void)summed.push_copy("02 02 0102"_hex);
  (void)summed.push_copy("00 02 0102"_hex);
  EXPECT_EQ(summed.error(), Errc::message_too_big);
}

/// The fragments joined before the switch come as the start of the message, with its type.
TEST(MessageAssembler, fragments_may_be_asked_for_in_the_middle_of_a_message) {
  Receiver receiver;
  (void)receiver.push_copy("01 01 61"_hex);
  receiver.deliver_fragments(true);
  const auto start = receiver.push_copy("00 01 62"_hex);
  EXPECT_EQ(std::get<Fragment>(start).opcode, Opcode::text);
  EXPECT_EQ(wire_text(std::get<Fragment>(start).payload), "ab");
  EXPECT_FALSE(std::get<Fragment>(start).fin);
  const auto rest = receiver.push_copy("80 01 63"_hex);
  EXPECT_EQ(std::get<Fragment>(rest).opcode, Opcode::continuation);
  EXPECT_EQ(wire_text(std::get<Fragment>(rest).payload), "c");
  EXPECT_TRUE(std::get<Fragment>(rest).fin);
  const auto next = receiver.push_copy("02 01 64"_hex);
  EXPECT_EQ(std::get<Fragment>(next).opcode, Opcode::binary);
}

TEST(MessageAssembler, direct_window_is_empty_where_a_copy_is_cheaper) {
  Receiver receiver;
  EXPECT_TRUE(receiver.assembler().direct_window(1 << 20, 1000).empty()) << "nothing held";
  (void)receiver.push_copy(join({"82 7e 2710"_hex, pattern_bytes(1000)}));  // 10,000 announced
  EXPECT_EQ(receiver.remaining(), 9000U);
  EXPECT_TRUE(receiver.assembler().direct_window(9000, 9001).empty())
      << "the rest fits into the shared buffer, with what comes after it";
  EXPECT_FALSE(receiver.assembler().direct_window(9000, 9000).empty());
}

TEST(MessageAssembler, what_is_read_into_the_direct_window_is_not_copied) {
  Receiver receiver;
  const ByteVector payload = pattern_bytes(100'000);
  const ByteVector wire = frame(0x82, payload);
  (void)receiver.push_copy(owned(Bytes(wire).first(5000)));
  Bytes rest = Bytes(wire).subspan(5000);
  std::optional<Message> message;
  while (!message) {
    const MutableBytes window = receiver.assembler().direct_window(receiver.remaining(), 1);
    ASSERT_FALSE(window.empty());
    ASSERT_LE(window.size(), receiver.remaining());
    ASSERT_LE(receiver.assembler().memory(), 2 * (wire.size() - rest.size())) << "not for promises";
    const std::size_t size = std::min<std::size_t>(window.size(), 3000);
    std::copy_n(rest.begin(), size, window.begin());
    rest = rest.subspan(size);
    const auto outcome = receiver.push(window.first(size));
    if (const auto* whole = std::get_if<Message>(&outcome)) message = *whole;
    ASSERT_FALSE(receiver.error());
    if (message) {
      EXPECT_EQ(message->payload.data() + message->payload.size(), window.data() + size)
          << "the message ends where the kernel put its last byte";
    }
  }
  EXPECT_TRUE(rest.empty());
  EXPECT_EQ(owned(message->payload), payload);
}

TEST(MessageAssembler, R88_masked_bytes_in_the_direct_window_are_unmasked_there) {
  FrameDecoder decoder(FrameRules{.receiver = Role::server});
  MessageAssembler assembler;
  const ByteVector payload = pattern_bytes(20'001);
  const ByteVector wire = masked(frame(0x82, payload));
  std::size_t at = 0;
  Event outcome;
  while (at < wire.size()) {
    MutableBytes window = assembler.direct_window(decoder.remaining(), 1);
    ByteVector shared(at == 0 ? 1003 : 997);
    if (window.empty()) window = shared;
    const std::size_t size = std::min({window.size(), std::size_t{997}, wire.size() - at});
    std::copy_n(wire.begin() + static_cast<std::ptrdiff_t>(at), size, window.begin());
    at += size;
    MutableBytes input = window.first(size);
    FrameChunk chunk;
    while (decoder.next(input, chunk) == FrameDecoder::Status::chunk) {
      ASSERT_FALSE(assembler.push(chunk, {}, outcome));
    }
  }
  ASSERT_TRUE(std::holds_alternative<Message>(outcome));
  EXPECT_EQ(owned(std::get<Message>(outcome).payload), payload);
}

TEST(MessageAssembler, R113_text_is_judged_only_if_that_is_wanted) {
  ReceiveOptions trusting;
  trusting.validate_utf8 = false;
  Receiver receiver(trusting);
  const auto outcome = receiver.push_copy("81 02 ffc3"_hex);
  EXPECT_EQ(owned(std::get<Message>(outcome).payload), "ffc3"_hex);
  Receiver strict;
  (void)strict.push_copy("81 02 ffc3"_hex);
  EXPECT_EQ(strict.error(), Errc::invalid_utf8);
}

TEST(MessageAssembler, a_message_knows_whether_it_is_text) {
  Receiver receiver;
  const auto text = receiver.push_copy("81 02 6869"_hex);
  EXPECT_TRUE(std::get<Message>(text).is_text());
  EXPECT_EQ(std::get<Message>(text).text(), "hi");
  const auto binary = receiver.push_copy("82 02 6869"_hex);
  EXPECT_FALSE(std::get<Message>(binary).is_text());
}

TEST(MessageAssembler, every_refused_block_leaves_nothing_behind) {
  const ByteVector wire =
      join({"02 7e 1f40"_hex, pattern_bytes(8000), "80 7e 1f40"_hex, pattern_bytes(8000)});
  const int places = run_until_nothing_fails([&](FailAfter& fail) {
    CountingBlocks blocks(&fail);
    {
      MessageAssembler assembler(blocks.source());
      FrameDecoder decoder(FrameRules{.receiver = Role::client});
      try {
        for (const Bytes piece : pieces_of(wire, 900).pieces) {
          const ExactCopy block(piece);
          MutableBytes input = block.bytes();
          FrameChunk chunk;
          Event outcome;
          while (decoder.next(input, chunk) == FrameDecoder::Status::chunk) {
            ASSERT_FALSE(assembler.push(chunk, {}, outcome));
          }
        }
        EXPECT_FALSE(fail.spent());
      } catch (const std::bad_alloc&) {
        EXPECT_TRUE(fail.spent());
      }
    }
    EXPECT_EQ(blocks.outstanding(), 0);
  });
  EXPECT_GT(places, 2);
}

}  // namespace
}  // namespace wirespan::test
