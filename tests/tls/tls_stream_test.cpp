// tls/tls_stream.cpp: bytes through TLS over transports that block, split or delay them.
#include <algorithm>
#include <array>
#include <functional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "support/case_name.hpp"
#include "support/tls_pair.hpp"

namespace wirespan::test {
namespace {

using net::IoStatus;

TEST(TlsStream, carries_bytes_of_any_number_in_both_directions) {
  TlsPair pair;
  ASSERT_TRUE(pair.shake_hands().is_ok());
  for (const std::size_t size : {1U, 2U, 100U, 16383U, 16384U, 16385U, 70'000U, 1'000'000U}) {
    const ByteVector bytes = pattern_bytes(size);
    EXPECT_EQ(transfer(pair.client, pair.server, bytes), bytes) << size;
    EXPECT_EQ(transfer(pair.server, pair.client, bytes, 1000), bytes) << size;
  }
}

TEST(TlsStream, nothing_to_write_is_nothing_written) {
  TlsPair pair;
  ASSERT_TRUE(pair.shake_hands().is_ok());
  const int writes = pair.wire.client->writes;
  const auto result = pair.client.write_some(Bytes{});
  EXPECT_TRUE(result.is_ok());
  EXPECT_EQ(result.bytes, 0U);
  EXPECT_EQ(pair.wire.client->writes, writes);
}

TEST(TlsStream, reads_as_much_as_is_here_and_then_would_block) {
  TlsPair pair;
  ASSERT_TRUE(pair.shake_hands().is_ok());
  std::array<std::byte, 1000> buffer;
  EXPECT_EQ(pair.server.read_some(buffer).status, IoStatus::want_read);
  ASSERT_EQ(pair.client.write_some(pattern_bytes(300)).bytes, 300U);
  ASSERT_EQ(pair.client.write_some(pattern_bytes(300)).bytes, 300U);
  EXPECT_EQ(pair.server.read_some(buffer).bytes, 600U) << "two records in one read";
  EXPECT_EQ(pair.server.read_some(buffer).status, IoStatus::want_read);
  EXPECT_FALSE(pair.server.has_buffered_input());
}

TEST(TlsStream, what_does_not_fit_waits_where_no_poller_sees_it) {
  TlsPair pair;
  ASSERT_TRUE(pair.shake_hands().is_ok());
  EXPECT_FALSE(pair.server.has_buffered_input());
  ASSERT_EQ(pair.client.write_some(pattern_bytes(1000)).bytes, 1000U);
  std::array<std::byte, 600> buffer;
  EXPECT_EQ(pair.server.read_some(buffer).bytes, 600U);
  EXPECT_TRUE(pair.server.has_buffered_input());
  EXPECT_EQ(pair.wire.server->unread(), 0U) << "the descriptor would not be readable";
  EXPECT_EQ(pair.server.read_some(buffer).bytes, 400U);
  EXPECT_FALSE(pair.server.has_buffered_input());
}

TEST(TlsStream, a_write_is_no_more_calls_of_the_transport_than_it_has_records) {
  TlsPair pair;
  ASSERT_TRUE(pair.shake_hands().is_ok());
  const int before = pair.wire.client->writes;
  const ByteVector payload = pattern_bytes(1000);
  EXPECT_EQ(pair.client.write_pieces(std::array{wire_bytes("head"), Bytes(payload)}).bytes, 1004U);
  EXPECT_EQ(pair.wire.client->writes - before, 1) << "head and payload share a record";
}

TEST(TlsStream, head_and_payload_arrive_as_one) {
  TlsPair pair;
  ASSERT_TRUE(pair.shake_hands().is_ok());
  for (const std::size_t head_size : {0U, 1U, 14U, 16384U, 20'000U}) {
    for (const std::size_t payload_size : {0U, 1U, 16370U, 16384U, 50'000U}) {
      if (head_size + payload_size == 0) continue;
      const ByteVector head = pattern_bytes(head_size);
      const ByteVector payload(payload_size, std::byte{0xEE});
      const auto result = pair.client.write_pieces(std::array{Bytes(head), Bytes(payload)});
      ASSERT_TRUE(result.is_ok());
      ASSERT_GT(result.bytes, 0U);
      const ByteVector all = join({head, payload});
      ByteVector buffer(all.size());
      std::size_t read = 0;
      while (read < result.bytes) {
        const auto more = pair.server.read_some(MutableBytes(buffer).subspan(read));
        ASSERT_TRUE(more.is_ok());
        read += more.bytes;
      }
      ASSERT_EQ(read, result.bytes);
      EXPECT_TRUE(std::equal(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(read),
                             all.begin()))
          << "head of " << head_size << ", payload of " << payload_size;
    }
  }
}

TEST(TlsStream, moves_with_its_connection) {
  TlsPair pair;
  ASSERT_TRUE(pair.shake_hands().is_ok());
  EXPECT_EQ(pair.client.fd(), 1234);
  tls::TlsStream moved(std::move(pair.client));
  EXPECT_EQ(pair.client.fd(), -1);  // NOLINT: what is left after the move is the point
  EXPECT_EQ(moved.fd(), 1234);
  const ByteVector bytes = pattern_bytes(40'000);
  EXPECT_EQ(transfer(moved, pair.server, bytes), bytes);
  pair.client = std::move(moved);
  EXPECT_EQ(transfer(pair.server, pair.client, bytes), bytes);
}

TEST(TlsStream, destroys_its_transport) {
  Wire wire;
  { const auto client = tls::TlsStream::client(wire.client_transport(), client_context(), "x"); }
  EXPECT_TRUE(wire.client->closed);
  { const auto server = tls::TlsStream::server(wire.server_transport(), server_context()); }
  EXPECT_TRUE(wire.server->closed);
}

// A whole connection over a difficult transport.

struct Difficulty {
  std::string name;
  void (*make)(Wire&);
};
void PrintTo(const Difficulty& row, std::ostream* out) { *out << row.name; }

class TlsOverDifficulties : public ::testing::TestWithParam<Difficulty> {};

TEST_P(TlsOverDifficulties, nothing_is_lost) {
  TlsPair pair;
  GetParam().make(pair.wire);
  ASSERT_TRUE(pair.shake_hands().is_ok());
  const ByteVector bytes = pattern_bytes(50'000);
  EXPECT_EQ(transfer(pair.client, pair.server, bytes), bytes);
  EXPECT_EQ(transfer(pair.server, pair.client, bytes, 77), bytes);
}

const Difficulty difficulties[] = {
    {"byte_by_byte_in",
     [](Wire& wire) { wire.client->most_per_read = wire.server->most_per_read = 1; }},
    {"byte_by_byte_out",
     [](Wire& wire) { wire.client->most_per_write = wire.server->most_per_write = 1; }},
    {"seven_bytes_both_ways",
     [](Wire& wire) {
       for (auto* end : {wire.client.get(), wire.server.get()}) {
         end->most_per_read = end->most_per_write = 7;
       }
     }},
    {"room_for_one_byte",
     [](Wire& wire) { wire.client->most_in_flight = wire.server->most_in_flight = 1; }},
    {"room_for_a_part_of_a_record",
     [](Wire& wire) { wire.client->most_in_flight = wire.server->most_in_flight = 5000; }},
};
INSTANTIATE_TEST_SUITE_P(with, TlsOverDifficulties, ::testing::ValuesIn(difficulties),
                         case_name<Difficulty>);

/// Every operation of the transport would block in turn, in its own direction or the other one.
class TlsOverBlocks : public ::testing::TestWithParam<bool> {};

TEST_P(TlsOverBlocks, at_any_operation_nothing_is_lost_and_nobody_waits_for_ever) {
  const ByteVector bytes = pattern_bytes(40'000);
  for (const bool at_client : {true, false}) {
    const int places = run_until_nothing_fails([&](FailAfter& block) {
      TlsPair pair;
      WireEnd& end = at_client ? *pair.wire.client : *pair.wire.server;
      end.block = &block;
      end.blocks_the_other_way = GetParam();
      ASSERT_TRUE(pair.shake_hands().is_ok());
      EXPECT_EQ(transfer(pair.client, pair.server, bytes), bytes);
      EXPECT_EQ(transfer(pair.server, pair.client, bytes), bytes);
      while (pair.client.shutdown().would_block()) {
      }
      std::array<std::byte, 10> buffer;
      net::IoResult result;
      for (int i = 0; i < 3; ++i) result = pair.server.read_some(buffer);
      EXPECT_EQ(result.status, IoStatus::eof);
    });
    EXPECT_GT(places, 10);
  }
}

INSTANTIATE_TEST_SUITE_P(asking, TlsOverBlocks, ::testing::Bool(), [](const auto& param) {
  return param.param ? "for_the_other_direction" : "for_its_own_direction";
});

/// A write that would block is repeated with the same bytes, and perhaps more behind them.
TEST(TlsStream, a_repeated_write_may_have_grown) {
  TlsPair pair;
  ASSERT_TRUE(pair.shake_hands().is_ok());
  pair.wire.client->most_in_flight = 100;
  ByteVector queue = pattern_bytes(3000);
  const auto blocked = pair.client.write_some(queue);
  EXPECT_EQ(blocked.status, IoStatus::want_write);
  queue = join({queue, ByteVector(5000, std::byte{0xAB})});
  const ByteVector all = queue;
  ByteVector received;
  std::array<std::byte, 20'000> buffer;
  while (received.size() < all.size()) {
    const ByteVector elsewhere = queue;
    const auto written = pair.client.write_some(elsewhere);
    ASSERT_NE(written.status, IoStatus::error) << written.error.message();
    queue.erase(queue.begin(), queue.begin() + static_cast<std::ptrdiff_t>(written.bytes));
    const auto read = pair.server.read_some(buffer);
    ASSERT_NE(read.status, IoStatus::error);
    received.insert(received.end(), buffer.begin(),
                    buffer.begin() + static_cast<std::ptrdiff_t>(read.bytes));
  }
  EXPECT_EQ(received, all);
}

TEST(TlsStream, reading_goes_on_while_writing_is_blocked) {
  TlsPair pair;
  ASSERT_TRUE(pair.shake_hands().is_ok());
  pair.wire.client->most_in_flight = 0;
  const ByteVector stuck = pattern_bytes(1000);
  EXPECT_EQ(pair.client.write_some(stuck).status, IoStatus::want_write);
  for (int i = 0; i < 50; ++i) {
    ASSERT_EQ(pair.server.write_some(pattern_bytes(200)).bytes, 200U);
    std::array<std::byte, 400> buffer;
    EXPECT_EQ(pair.client.read_some(buffer).bytes, 200U);
  }
  pair.wire.client->most_in_flight = SIZE_MAX;
  EXPECT_EQ(transfer(pair.client, pair.server, stuck), stuck);
}

}  // namespace
}  // namespace wirespan::test
