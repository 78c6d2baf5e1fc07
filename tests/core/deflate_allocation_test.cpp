// core/compressor.cpp, core/inflater.cpp: number of allocations, and failed allocations.
#include <new>
#include <utility>

#include <gtest/gtest.h>

#include "support/alloc_counter.hpp"
#include "support/deflate_cases.hpp"
#include "support/small_pool.hpp"

namespace wirespan::test {
namespace {

constexpr std::array contexts{DeflateContext::none, DeflateContext::dictionary,
                              DeflateContext::stream};

ByteVector text_of(std::size_t size) {
  ByteVector text;
  while (text.size() < size)
    text = join({std::move(text), bytes_of("{\"price\": 1234.5, \"volume\"")});
  text.resize(size);
  return text;
}

/// A client and a server that both compress, and the bytes between them.
class Pair {
 public:
  explicit Pair(DeflateContext context)
      : pool_(std::make_shared<DeflatePool>(*compressing(context).deflate)),
        client_(Role::client, options(), codec(Role::client, context)),
        server_(Role::server, options(), codec(Role::server, context)) {}

  void converse(Bytes message) {
    exchange(client_, server_, message);
    exchange(server_, client_, message);
  }
  [[nodiscard]] const DeflatePool& pool() const noexcept { return *pool_; }
  [[nodiscard]] Connection& client() noexcept { return client_; }

 private:
  ConnectionOptions options() {
    return {.mask_source = keys_.source(), .blocks = &blocks_.source()};
  }
  std::unique_ptr<MessageCodec> codec(Role role, DeflateContext context) {
    return make_deflate_codec(pool_, role,
                              context == DeflateContext::none ? both_forget : DeflateParameters{});
  }

  void exchange(Connection& from, Connection& to, Bytes message) {
    EXPECT_FALSE(from.send(Opcode::binary, message));
    ByteBuffer& output = from.output();
    const std::size_t half = output.size() / 2;
    for (const MutableBytes part : {output.data().first(half), output.data().subspan(half)}) {
      to.feed(part);
      for (Event event = to.next(); !std::holds_alternative<NeedInput>(event); event = to.next()) {
        const auto* received = std::get_if<Message>(&event);
        EXPECT_TRUE(received != nullptr && received->payload.size() == message.size());
      }
    }
    output.clear();
  }

  CountingKeys keys_;
  SmallPool blocks_;
  std::shared_ptr<DeflatePool> pool_;
  Connection client_;
  Connection server_;
};

TEST(DeflateAllocation, none_per_message_after_the_first_round) {
  const ByteVector message = text_of(3000);
  for (const DeflateContext context : contexts) {
    Pair pair(context);
    for (int i = 0; i < 20; ++i) pair.converse(message);  // until the windows are full
    const AllocCounter counter;
    for (int i = 0; i < 20; ++i) pair.converse(message);
    EXPECT_EQ(counter.count(), 0U) << "context " << static_cast<int>(context);
  }
}

TEST(DeflateAllocation, without_context_a_connection_owns_next_to_nothing) {
  Pair pair(DeflateContext::none);
  const std::size_t before = pair.client().memory();
  EXPECT_LE(before, 256U) << "the codec itself";
  pair.converse(text_of(3000));
  EXPECT_EQ(pair.client().memory(), before);
  EXPECT_EQ(pair.pool().idle(), pair.pool().memory()) << "what was lent is back";
}

TEST(DeflateAllocation, a_dictionary_grows_with_what_was_said_to_its_window) {
  Pair pair(DeflateContext::dictionary);
  pair.converse(text_of(1000));
  EXPECT_LE(pair.client().memory(), 256U + 2 * 1024U);
  for (int i = 0; i < 100; ++i) pair.converse(text_of(3000));
  EXPECT_LE(pair.client().memory(), 256U + 2 * 32768U);
  EXPECT_EQ(pair.pool().idle(), pair.pool().memory());
}

TEST(DeflateAllocation, states_come_back_when_a_connection_goes) {
  std::shared_ptr<DeflatePool> pool;
  const AllocCounter counter;
  {
    Pair pair(DeflateContext::stream);
    pair.converse(text_of(3000));
    EXPECT_EQ(pair.pool().idle(), 0U);
    EXPECT_GE(pair.pool().memory(), 2U * 200'000U) << "two of them compress";
  }
  EXPECT_EQ(counter.outstanding(), 0);
}

/// Every allocation fails in turn, zlib's own included: the outcome is bad_alloc or the end of the
/// connection, and nothing leaks.
TEST(DeflateAllocation, every_one_may_fail_and_nothing_leaks) {
  const ByteVector message = text_of(70'000);
  for (const DeflateContext context : contexts) {
    std::size_t allowed = 0;
    for (bool failed = true; failed; ++allowed) {
      AllocCounter counter;
      counter.fail_after(allowed);
      try {
        auto pool = std::make_shared<DeflatePool>(*compressing(context).deflate);
        const auto agreed = context == DeflateContext::none ? both_forget : DeflateParameters{};
        CountingKeys keys;
        Connection sender(Role::client, {.mask_source = keys.source()},
                          make_deflate_codec(pool, Role::client, agreed));
        Connection receiver(Role::server, ConnectionOptions{},
                            make_deflate_codec(pool, Role::server, agreed));
        for (int i = 0; i < 2; ++i) {
          const auto error = sender.send(Opcode::binary, message);
          EXPECT_TRUE(!error || counter.failed());
          receiver.feed(sender.output().data());
          while (!std::holds_alternative<NeedInput>(receiver.next())) {
          }
          sender.output().clear();
          EXPECT_TRUE(!receiver.failed() || counter.failed());
          if (receiver.failed()) break;
        }
      } catch (const std::bad_alloc&) {
        EXPECT_TRUE(counter.failed());
      }
      EXPECT_EQ(counter.outstanding(), 0) << "leak after allocation " << allowed;
      failed = counter.failed();
    }
    EXPECT_GT(allowed, 15U) << "the scenario is too tame to say anything";
  }
}

}  // namespace
}  // namespace wirespan::test
