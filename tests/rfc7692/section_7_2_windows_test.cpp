// RFC 7692 §7.1.2, §7.2: window sizes and contexts, against zlib's own streams and between both
// roles.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/case_name.hpp"
#include "support/deflate_cases.hpp"
#include "support/zlib_reference.hpp"

namespace wirespan::test {
namespace {

constexpr std::array contexts{DeflateContext::none, DeflateContext::dictionary,
                              DeflateContext::stream};

/// Messages of sizes around those of windows, buffers and steps.
std::vector<ByteVector> make_messages() {
  std::vector<ByteVector> messages;
  unsigned seed = 0;
  for (const std::size_t size : {0U, 1U, 5U, 255U, 256U, 257U, 1000U, 4096U, 16384U, 32768U,
                                 40'000U, 65536U, 65537U, 200'000U}) {
    messages.push_back(compressible_text(size, ++seed));
    messages.push_back(compressible_text(size, seed));  // again: matches the window
    messages.push_back(noise(size, seed));
  }
  return messages;
}

const std::vector<ByteVector>& various_messages() {
  static const std::vector<ByteVector> messages = make_messages();
  return messages;
}

DeflateParameters parameters(Role sender, int bits, bool forgets) {
  DeflateParameters agreed;
  if (sender == Role::server) {
    agreed.server_max_window_bits = bits;
    agreed.server_no_context_takeover = forgets;
  } else {
    agreed.client_max_window_bits = bits;
    agreed.client_no_context_takeover = forgets;
  }
  return agreed;
}

class Section7_1_2 : public ::testing::TestWithParam<std::tuple<Role, int>> {};

/// zlib inflates with exactly the agreed window, where a match that reaches further is an error.
TEST_P(Section7_1_2, R153_R155_what_we_send_keeps_to_the_window) {
  const auto [role, bits] = GetParam();
  for (const DeflateContext context : contexts) {
    const bool forgets = context == DeflateContext::none;
    Conversation conversation(role, compressing(context, parameters(role, bits, forgets)));
    const auto& messages = various_messages();
    for (const ByteVector& message : messages) {
      ASSERT_FALSE(conversation.connection().send(Opcode::binary, message));
    }
    const auto frames = parse_frames(conversation.wire());
    ASSERT_EQ(frames->size(), messages.size());
    ZlibInflater keeping(bits);
    for (std::size_t i = 0; i < messages.size(); ++i) {
      if (frames->at(i).first_byte == 0x82) {
        EXPECT_EQ(frames->at(i).payload, messages[i]);
        continue;
      }
      ZlibInflater fresh(bits);
      ZlibInflater& inflater = forgets ? fresh : keeping;
      const auto inflated = inflater.message(frames->at(i).payload);
      ASSERT_TRUE(inflated) << "message " << i << ", context " << static_cast<int>(context);
      ASSERT_TRUE(*inflated == messages[i]) << "message " << i;
    }
  }
}

TEST_P(Section7_1_2, R158_streams_of_zlib_come_out_as_they_were) {
  const auto [sender, bits] = GetParam();
  const Role receiver = sender == Role::server ? Role::client : Role::server;
  for (const DeflateContext context : {DeflateContext::dictionary, DeflateContext::stream}) {
    for (const auto& [level, strategy] : {std::pair{6, Z_DEFAULT_STRATEGY},
                                          {0, Z_DEFAULT_STRATEGY},
                                          {1, Z_DEFAULT_STRATEGY},
                                          {9, Z_FILTERED},
                                          {6, Z_HUFFMAN_ONLY},
                                          {6, Z_RLE},
                                          {6, Z_FIXED}}) {
      ZlibDeflater deflater(std::max(bits, 9), level, strategy);
      ConversationOptions options = compressing(context, parameters(sender, bits, false));
      Conversation conversation(receiver, options);
      std::vector<std::string> expected;
      std::size_t number = 0;
      for (const ByteVector& message : various_messages()) {
        const bool final_block = ++number % 5 == 0;
        const ByteVector payload =
            final_block ? deflater.final_message(message) : deflater.message(message);
        const std::size_t cut = number % 3 == 0 ? 1000 : SIZE_MAX;
        const ByteVector wire = as_received_by(receiver, compressed_frames(2, payload, cut));
        const std::size_t piece = number % 2 == 0 ? 777 : wire.size();
        for (const Bytes part : pieces_of(wire, piece).pieces) {
          conversation.receive(part, Reading::into_window);
        }
        expected.push_back(seen::binary(message));
      }
      ASSERT_EQ(conversation.events(), expected) << "level " << level << ", " << strategy;
    }
  }
}

/// RFC 7692 §7.1.2: a stream compressed with a larger window than agreed is an error.
TEST_P(Section7_1_2, R153_R155_a_reference_beyond_the_window_fails) {
  const Role sender = std::get<0>(GetParam());
  const int bits = std::get<1>(GetParam());
  if (bits == 15) return;  // the largest window of DEFLATE
  const Role receiver = sender == Role::server ? Role::client : Role::server;
  // A passage is repeated more than a window later, behind bytes that do not compress.
  ByteVector message = noise(100, 1);
  const ByteVector between = noise((std::size_t{1} << bits) + 1000, 2);
  message.insert(message.end(), between.begin(), between.end());
  message.insert(message.end(), message.begin(), message.begin() + 100);
  ASSERT_LT(message.size(), 1U << 15);
  for (const DeflateContext context : contexts) {
    for (const std::size_t piece : {std::size_t{100}, SIZE_MAX}) {
      ZlibDeflater larger(15);
      ZlibDeflater agreed(std::max(bits, 9));
      const auto events_for = [&](ZlibDeflater& deflater) {
        const ByteVector payload = deflater.message(message);
        const ByteVector wire = as_received_by(receiver, compressed_frames(2, payload));
        Conversation conversation(receiver, compressing(context, parameters(sender, bits, false)));
        for (const Bytes part : pieces_of(wire, std::min(piece, wire.size())).pieces) {
          conversation.receive(part, Reading::into_window);
        }
        return conversation.events();
      };
      EXPECT_EQ(events_for(agreed), std::vector{seen::binary(message)});
      EXPECT_EQ(events_for(larger), std::vector{seen::failed(Errc::bad_compressed_data)})
          << "in pieces of " << piece;
    }
  }
}

std::string window_name(const ::testing::TestParamInfo<std::tuple<Role, int>>& info) {
  const bool server = std::get<0>(info.param) == Role::server;
  return std::string(server ? "server" : "client") + "_bits_" +
         std::to_string(std::get<1>(info.param));
}

INSTANTIATE_TEST_SUITE_P(Windows, Section7_1_2,
                         ::testing::Combine(::testing::Values(Role::client, Role::server),
                                            ::testing::Values(8, 9, 10, 12, 14, 15)),
                         window_name);

/// Both roles of this library talk to each other, in both directions, with all combinations of
/// contexts.
TEST(Section7_2, R158_both_sides_keep_or_forget_as_agreed_on) {
  const auto& messages = various_messages();
  for (const DeflateContext sending : contexts) {
    for (const DeflateContext receiving : {DeflateContext::dictionary, DeflateContext::stream}) {
      for (const bool forgets : {false, true}) {
        for (const Role role : {Role::client, Role::server}) {
          const DeflateParameters agreed = parameters(role, 13, forgets);
          Conversation sender(role, compressing(sending, agreed));
          Conversation receiver(role == Role::server ? Role::client : Role::server,
                                compressing(receiving, agreed));
          std::vector<std::string> expected;
          for (const ByteVector& message : messages) {
            const Bytes whole = message;
            const std::size_t cut = whole.size() / 3;
            ASSERT_FALSE(sender.connection().send(Opcode::binary, whole.first(cut), false));
            ASSERT_FALSE(sender.connection().send(Opcode::continuation, whole.subspan(cut)));
            ASSERT_FALSE(sender.connection().send(Opcode::binary, whole));
            expected.insert(expected.end(), 2, seen::binary(message));
          }
          receiver.receive(sender.wire());
          ASSERT_EQ(receiver.events(), expected);
        }
      }
    }
  }
}

/// A state that one connection has given back is lent to another one only for the same window.
TEST(Section7_2, R153_connections_of_one_pool_keep_to_their_own_windows) {
  const auto pool = std::make_shared<DeflatePool>(DeflateOptions{.threshold = 0});
  const ByteVector message = compressible_text(40'000);
  for (const int bits : {15, 9, 12, 10}) {
    const auto codec = make_deflate_codec(pool, Role::server, parameters(Role::server, bits, true));
    ByteBuffer encoded;
    const auto is_encoded = codec->encode(message, true, true, encoded);
    ASSERT_TRUE(is_encoded && *is_encoded);
    codec->commit(message, true);
    const auto inflated = ZlibInflater(bits).message(encoded.data());
    ASSERT_TRUE(inflated) << bits << " bits";
    EXPECT_TRUE(*inflated == message) << bits << " bits";
  }
}

TEST(Section7_2, R163_the_limit_is_that_of_the_inflated_message_exactly) {
  for (const std::size_t size : {std::size_t{1000}, std::size_t{4096}, std::size_t{70'000}}) {
    for (const std::size_t cut : {SIZE_MAX, std::size_t{100}}) {
      ConversationOptions options = compressing();
      options.receive.max_message_size = size;
      const auto events_for = [&](const ByteVector& message) {
        Conversation conversation(Role::client, options);
        conversation.receive(compressed_frames(2, ZlibDeflater().message(message), cut));
        return conversation.events();
      };
      EXPECT_EQ(events_for(ByteVector(size)), std::vector{seen::binary(ByteVector(size))});
      EXPECT_EQ(events_for(noise(size)), std::vector{seen::binary(noise(size))})
          << "badly compressed, but not too big";
      EXPECT_EQ(events_for(ByteVector(size + 1)), std::vector{seen::failed(Errc::message_too_big)});
    }
  }
}

}  // namespace
}  // namespace wirespan::test
