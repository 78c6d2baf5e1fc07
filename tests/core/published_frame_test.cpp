// core/published_frame.hpp: one encoded message, shared by threads. RFC 6455 §5.2.
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "support/frames.hpp"
#include <wirespan/core/published_frame.hpp>

namespace wirespan::test {
namespace {

TEST(PublishedFrameTest, is_what_a_server_sends_for_every_length_form) {
  for (const std::size_t size : {0U, 1U, 125U, 126U, 127U, 65'535U, 65'536U, 100'000U}) {
    const ByteVector payload = pattern_bytes(size);
    const auto published = PublishedFrame::make(Opcode::binary, payload);
    EXPECT_EQ(owned(published->bytes()), frame(0x82, payload)) << size;
  }
  EXPECT_EQ(owned(PublishedFrame::make(Opcode::text, bytes_of("hi"))->bytes()), "81 02 6869"_hex);
}

TEST(PublishedFrameTest, R27_is_what_a_client_sends_with_the_same_mask) {
  constexpr MaskKey mask{std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}};
  for (const std::size_t size : {0U, 1U, 125U, 126U, 65'535U, 65'536U}) {
    const ByteVector payload = pattern_bytes(size);
    const auto published = PublishedFrame::make_masked(Opcode::binary, payload, mask, "key");
    ByteBuffer expected;
    append_frame(expected, {.mask = mask, .opcode = Opcode::binary, .masked = true}, payload);
    EXPECT_EQ(owned(published->bytes()), owned(expected.data())) << size;
    EXPECT_EQ(published->key(), "key");
  }
}

TEST(PublishedFrameTest, keeps_its_key) {
  using namespace std::string_view_literals;
  EXPECT_EQ(PublishedFrame::make(Opcode::text, {})->key(), "");
  EXPECT_EQ(PublishedFrame::make(Opcode::text, {}, "a\0b"sv)->key(), "a\0b"sv);
}

TEST(PublishedFrameTest, lives_as_long_as_its_last_owner) {
  PublishedFrame::Ptr empty;
  EXPECT_FALSE(empty);
  EXPECT_EQ(empty.get(), nullptr);
  PublishedFrame::Ptr copy;
  {
    auto first = PublishedFrame::make(Opcode::text, bytes_of("x"), "key");
    copy = first;
    EXPECT_EQ(copy.get(), first.get()) << "shared, not copied";
    PublishedFrame::Ptr moved = std::move(first);
    EXPECT_EQ(copy.get(), moved.get());
  }
  EXPECT_EQ(owned(copy->bytes()), "81 01 78"_hex);
  EXPECT_EQ(copy->key(), "key");
  copy = {};
  EXPECT_FALSE(copy);
}

TEST(PublishedFrameTest, threads_share_it) {
  auto published = PublishedFrame::make(Opcode::text, bytes_of("x"));
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([own = published] {
      for (int n = 0; n < 1000; ++n) {
        const PublishedFrame::Ptr another = own;
        EXPECT_EQ(another->bytes().size(), 3U);
      }
    });
  }
  published = {};
  for (std::thread& thread : threads) thread.join();
}

TEST(PublishedFrameTest, has_a_compressed_form_for_each_agreement_once_it_was_added) {
  const auto published = PublishedFrame::make(Opcode::text, bytes_of("hi"), "key");
  EXPECT_EQ(published->opcode(), Opcode::text);
  EXPECT_EQ(owned(published->payload()), bytes_of("hi"));
  EXPECT_TRUE(published->may_be_compressed());
  EXPECT_FALSE(published->form(30));
  const auto form = published->add_form(30, "f2 00"_hex);
  EXPECT_EQ(owned(form->bytes()), "c1 02 f200"_hex) << "RSV1";
  EXPECT_EQ(form->key(), "key") << "it replaces what the frame would replace";
  const auto other = published->add_form(18, {});
  EXPECT_TRUE(other->bytes().empty()) << "better sent as it is";
  EXPECT_EQ(published->form(30).get(), form.get());
  EXPECT_EQ(published->form(18).get(), other.get());
  EXPECT_FALSE(published->form(31));
  EXPECT_FALSE(PublishedFrame::make(Opcode::text, {}, {}, Compress::never)->may_be_compressed());
}

TEST(PublishedFrameTest, a_form_outlives_the_frame_that_it_was_made_for) {
  PublishedFrame::Ptr form;
  {
    const auto published = PublishedFrame::make(Opcode::binary, bytes_of("x"));
    form = published->add_form(30, "00"_hex);
    (void)published->add_form(31, "01"_hex);
  }
  EXPECT_EQ(owned(form->bytes()), "c2 01 00"_hex);
}

TEST(PublishedFrameTest, threads_add_forms_at_once_and_each_finds_one_of_its_number) {
  for (int round = 0; round < 200; ++round) {
    const auto published = PublishedFrame::make(Opcode::binary, bytes_of("x"));
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < 4; ++i) {
      threads.emplace_back([published, number = i % 2] {
        const ByteVector payload{std::byte(number)};
        if (!published->form(number)) (void)published->add_form(number, payload);
        EXPECT_EQ(owned(published->form(number)->bytes()).back(), payload[0]);
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
}

}  // namespace
}  // namespace wirespan::test
