// RFC 7692 §6.1: a published message is compressed once for all connections that agreed on the
// same, and the messages of each that come later are understood all the same.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/deflate_cases.hpp"
#include "support/zlib_reference.hpp"
#include <wirespan/core/connection.hpp>
#include <wirespan/core/permessage_deflate.hpp>

namespace wirespan::test {
namespace {

const ByteVector json = compressible_text(3000);

PublishedFrame::Ptr published(Bytes payload, Compress compress = Compress::if_agreed) {
  return PublishedFrame::make(Opcode::binary, payload, {}, compress);
}

DeflateParameters agreement(DeflateContext context, std::optional<int> window_bits = {}) {
  return {.server_no_context_takeover = context == DeflateContext::none,
          .server_max_window_bits = window_bits};
}

/// A server's connections that share a pool, and what the client of each has received.
class Subscribers {
 public:
  explicit Subscribers(DeflateContext context, std::size_t threshold = 0)
      : context_(context),
        pool_(std::make_shared<DeflatePool>(
            DeflateOptions{.send_context = context, .threshold = threshold})) {}

  struct Subscriber {
    Subscriber(std::unique_ptr<MessageCodec> codec, const ConversationOptions& of_client)
        : server(Role::server, ConnectionOptions{}, std::move(codec)),
          client(Role::client, of_client) {}
    Connection server;
    Conversation client;
  };
  Subscriber& add(std::optional<int> window_bits = {}) {
    const DeflateParameters agreed = agreement(context_, window_bits);
    ConversationOptions of_client{.deflate = DeflateOptions{}, .agreed = agreed};
    all_.push_back(
        std::make_unique<Subscriber>(make_deflate_codec(pool_, Role::server, agreed), of_client));
    return *all_.back();
  }

 private:
  DeflateContext context_;
  std::shared_ptr<DeflatePool> pool_;
  std::vector<std::unique_ptr<Subscriber>> all_;
};

/// Sends a message as a connection's own, and moves it to its client.
void send(Subscribers::Subscriber& to, Bytes message) {
  EXPECT_FALSE(to.server.send(Opcode::binary, message));
  to.client.receive(to.server.output().data());
  to.server.output().clear();
}

class Section6_1PublishedTo : public ::testing::TestWithParam<DeflateContext> {};

TEST_P(Section6_1PublishedTo, all_subscribers_of_one_window_share_one_form) {
  Subscribers subscribers(GetParam());
  const auto frame = published(json);
  const auto form = subscribers.add().server.published(frame);
  EXPECT_LT(form->bytes().size(), frame->bytes().size() / 2);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(subscribers.add().server.published(frame).get(), form.get());
  }
  const auto smaller = subscribers.add(10).server.published(frame);
  EXPECT_NE(smaller.get(), form.get());
  EXPECT_EQ(subscribers.add(10).server.published(frame).get(), smaller.get());
  EXPECT_EQ(subscribers.add().server.published(frame).get(), form.get());
}

TEST_P(Section6_1PublishedTo, messages_before_and_after_it_are_understood) {
  for (const std::optional<int> window_bits : {std::optional<int>(), std::optional(9)}) {
    Subscribers subscribers(GetParam());
    Subscribers::Subscriber& one = subscribers.add(window_bits);
    const std::string as_sent = seen::binary(json);
    for (int i = 0; i < 3; ++i) {
      send(one, json);
      const auto form = one.server.published(published(json));
      EXPECT_LT(form->bytes().size(), json.size()) << "compressed";
      one.client.receive(form->bytes());
      send(one, json);
    }
    EXPECT_EQ(one.client.events(), std::vector(9, as_sent));
  }
}

/// zlib in the hands of many peers ends for good with a final block.
TEST(Section6_1Published, a_receiver_that_keeps_its_context_gets_no_final_block) {
  Subscribers subscribers(DeflateContext::stream);
  const auto form = subscribers.add().server.published(published(json));
  z_stream stream{};
  ASSERT_EQ(inflateInit2(&stream, -15), Z_OK);
  const ByteVector payload = join({owned(form->bytes().subspan(4)), "0000ffff"_hex});
  ByteVector room(json.size() + 100);
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(payload.data()));
  stream.avail_in = static_cast<uInt>(payload.size());
  stream.next_out = reinterpret_cast<Bytef*>(room.data());
  stream.avail_out = static_cast<uInt>(room.size());
  EXPECT_EQ(inflate(&stream, Z_SYNC_FLUSH), Z_OK) << "not Z_STREAM_END";
  EXPECT_EQ(stream.avail_in, 0U);
  (void)inflateEnd(&stream);
}

TEST_P(Section6_1PublishedTo, what_is_not_worth_it_or_must_not_be_compressed_goes_as_it_is) {
  Subscribers subscribers(GetParam(), 500);
  Connection& server = subscribers.add().server;
  for (const auto& frame : {published(compressible_text(499)), published(noise(3000)),
                            published(json, Compress::never)}) {
    EXPECT_EQ(server.published(frame).get(), frame.get());
    EXPECT_EQ(subscribers.add().server.published(frame).get(), frame.get());
  }
  const auto at_threshold = published(compressible_text(500));
  EXPECT_NE(server.published(at_threshold).get(), at_threshold.get());
  Connection plain(Role::server, ConnectionOptions{});
  const auto frame = published(json);
  EXPECT_EQ(plain.published(frame).get(), frame.get()) << "nothing was agreed on";
}

std::string context_name(const ::testing::TestParamInfo<DeflateContext>& info) {
  if (info.param == DeflateContext::none) return "none";
  return info.param == DeflateContext::stream ? "stream" : "dictionary";
}

INSTANTIATE_TEST_SUITE_P(Contexts, Section6_1PublishedTo,
                         ::testing::Values(DeflateContext::none, DeflateContext::dictionary,
                                           DeflateContext::stream),
                         context_name);

}  // namespace
}  // namespace wirespan::test
