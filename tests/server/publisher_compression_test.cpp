// app/server/publisher_compression.hpp: the compressed form that publish() makes. RFC 7692 §7.2.
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "support/hex.hpp"
#include <wirespan/app/server/publisher_compression.hpp>
#include <wirespan/core/permessage_deflate.hpp>

namespace wirespan::test {
namespace {

class PublishersForm : public ::testing::Test {
 protected:
  const std::string news = std::string(1000, 'n');

  void SetUp() override {
    if (!deflate_available()) GTEST_SKIP() << "built without zlib";
  }
  [[nodiscard]] PublishedFrame::Ptr frame(Compress compress = Compress::if_agreed) const {
    return PublishedFrame::make(Opcode::text, wire_bytes(news), {}, compress);
  }
  /// The codec of a connection to a server with these options, whose client asked for nothing or
  /// for a window.
  static std::unique_ptr<MessageCodec> codec(const DeflateOptions& options,
                                             std::optional<int> window = {}) {
    const bool forgets = send_context(options, Role::server) == DeflateContext::none;
    return make_deflate_codec(
        std::make_shared<DeflatePool>(options), Role::server,
        DeflateParameters{.server_no_context_takeover = forgets, .server_max_window_bits = window});
  }
  /// Returns the form that was made of a frame, whatever its number; null if there is none.
  static PublishedFrame::Ptr form_of(const PublishedFrame::Ptr& frame) {
    PublishedFrame::Ptr form;
    for (unsigned number = 0; number < 64 && !form; ++number) form = frame->form(number);
    return form;
  }
  static PublishedFrame::Ptr compressed(PublisherCompression& compression,
                                        const PublishedFrame::Ptr& frame) {
    compression.compress(frame);
    return form_of(frame);
  }
};

TEST_F(PublishersForm, makes_the_form_of_messages_from_the_size_on) {
  struct Case {
    std::optional<std::size_t> from;
    bool made;
  };
  for (const Case one : {Case{std::nullopt, false}, Case{0, true}, Case{999, true},
                         Case{1000, true}, Case{1001, false}}) {
    PublisherCompression compression(
        {.compression = DeflateOptions{}, .publisher_compresses_from = one.from});
    compression.expect_receivers();
    EXPECT_EQ(bool(compressed(compression, frame())), one.made)
        << (one.from ? std::to_string(*one.from) : "off");
  }
}

TEST_F(PublishersForm, makes_the_form_that_connections_with_the_servers_choice_send) {
  for (const auto context :
       {DeflateContext::none, DeflateContext::dictionary, DeflateContext::stream}) {
    for (const int bits : {9, 12, 15}) {
      const DeflateOptions options{.send_context = context, .send_window_bits = bits};
      PublisherCompression compression({.compression = options, .publisher_compresses_from = 0});
      compression.expect_receivers();
      const PublishedFrame::Ptr published = frame();
      const PublishedFrame::Ptr form = compressed(compression, published);
      ASSERT_TRUE(form);
      EXPECT_EQ(codec(options)->published(published).get(), form.get());
    }
  }
}

TEST_F(PublishersForm, leaves_a_smaller_window_to_the_loop) {
  const DeflateOptions options{};
  PublisherCompression compression({.compression = options, .publisher_compresses_from = 0});
  compression.expect_receivers();
  const PublishedFrame::Ptr published = frame();
  const PublishedFrame::Ptr form = compressed(compression, published);
  ASSERT_TRUE(form);
  EXPECT_NE(codec(options, 10)->published(published).get(), form.get());
}

TEST_F(PublishersForm, does_nothing_before_a_connection_has_agreed_on_compression) {
  PublisherCompression compression(
      {.compression = DeflateOptions{}, .publisher_compresses_from = 0});
  EXPECT_FALSE(compressed(compression, frame()));
}

TEST_F(PublishersForm, keeps_to_what_the_message_and_the_threshold_say) {
  PublisherCompression compression(
      {.compression = DeflateOptions{.threshold = 1001}, .publisher_compresses_from = 0});
  compression.expect_receivers();
  EXPECT_FALSE(compressed(compression, frame()));
  PublisherCompression another({.compression = DeflateOptions{}, .publisher_compresses_from = 0});
  another.expect_receivers();
  EXPECT_FALSE(compressed(another, frame(Compress::never)));
}

TEST_F(PublishersForm, without_compression_or_with_options_that_are_refused_it_is_off) {
  PublisherCompression off({.publisher_compresses_from = 0});
  PublisherCompression refused(
      {.compression = DeflateOptions{.level = 77}, .publisher_compresses_from = 0});
  for (PublisherCompression* one : {&off, &refused}) {
    one->expect_receivers();
    EXPECT_FALSE(compressed(*one, frame()));
  }
}

TEST_F(PublishersForm, threads_publish_at_once) {
  PublisherCompression compression(
      {.compression = DeflateOptions{}, .publisher_compresses_from = 0});
  compression.expect_receivers();
  std::vector<PublishedFrame::Ptr> frames;
  for (int i = 0; i < 40; ++i) frames.push_back(frame());
  std::vector<std::thread> publishers;
  for (std::size_t first = 0; first < 4; ++first) {
    publishers.emplace_back([&, first] {
      for (std::size_t i = first; i < frames.size(); i += 4) compression.compress(frames[i]);
    });
  }
  for (std::thread& one : publishers) one.join();
  for (const PublishedFrame::Ptr& one : frames) {
    ASSERT_TRUE(form_of(one));
    EXPECT_TRUE(std::ranges::equal(form_of(one)->bytes(), form_of(frames.front())->bytes()));
  }
}

}  // namespace
}  // namespace wirespan::test
