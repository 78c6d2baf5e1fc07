// tls/tls_stream.cpp: a peer that updates its keys (KeyUpdate) at any moment. RFC 8446 §4.6.3.
#include <array>
#include <ctime>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "support/case_name.hpp"
#include "support/openssl_peer.hpp"
#include "support/tls_pair.hpp"
#include <wirespan/core/limits.hpp>

namespace wirespan::test {
namespace {

using net::IoStatus;

double cpu_time() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

/// Our end has the role that is the parameter, and OpenSSL the other one.
class TlsKeyUpdate : public ::testing::TestWithParam<Role> {
 protected:
  Wire wire;
  bool is_client = GetParam() == Role::client;
  std::shared_ptr<WireEnd> end = is_client ? wire.client : wire.server;
  tls::TlsStream stream =
      is_client ? *tls::TlsStream::client(wire.client_transport(), client_context(), "localhost")
                : *tls::TlsStream::server(wire.server_transport(), server_context());
  OpensslPeer peer{wire, is_client ? Role::server : Role::client,
                   is_client ? server_context() : client_context()};
  std::array<std::byte, 70'000> buffer;

  void SetUp() override {
    bool done = false;
    for (int i = 0; i < 10 && !done; ++i) {
      const bool ours = stream.handshake().is_ok();
      done = peer.handshake() && ours;
    }
    ASSERT_TRUE(done);
    // A server's session tickets lie on the wire.
    if (is_client) {
      ASSERT_EQ(stream.read_some(buffer).status, IoStatus::want_read);
    } else {
      (void)peer.read();
    }
  }
};

/// Only a server sends session tickets.
using TlsTickets = TlsKeyUpdate;

/// A thousand key updates, with data in both directions all the time.
TEST_P(TlsKeyUpdate, a_thousand_times_under_load) {
  ByteVector queue;
  ByteVector expected;
  ByteVector received;
  for (int i = 0; i < 1000; ++i) {
    const ByteVector block = pattern_bytes(static_cast<std::size_t>(i) % 300 + 1);
    peer.update_keys(i % 2 == 0);
    peer.write(block);
    queue.insert(queue.end(), block.begin(), block.end());
    expected.insert(expected.end(), block.begin(), block.end());
    const auto written = stream.write_some(queue);
    ASSERT_NE(written.status, IoStatus::error) << written.error.message();
    queue.erase(queue.begin(), queue.begin() + static_cast<std::ptrdiff_t>(written.bytes));
    const auto result = stream.read_some(buffer);
    ASSERT_TRUE(result.is_ok()) << result.error.message();
    ASSERT_EQ(to_hex(Bytes(buffer).first(result.bytes)), to_hex(block));
    const ByteVector more = peer.read();
    received.insert(received.end(), more.begin(), more.end());
  }
  EXPECT_EQ(received, expected);
}

/// The answer that a key update demands cannot be written at once.
TEST_P(TlsKeyUpdate, that_cannot_be_answered_yet_loses_nothing) {
  end->most_in_flight = 0;
  const ByteVector stuck = pattern_bytes(20'000);
  ByteVector queue = stuck;
  ASSERT_EQ(stream.write_some(queue).status, IoStatus::want_write);
  peer.update_keys(true);
  peer.write(wire_bytes("under new keys"));
  const auto result = stream.read_some(buffer);
  const bool reads_on = result.is_ok() && result.bytes == 14;
  EXPECT_TRUE(reads_on || result.would_block()) << result.error.message();
  end->most_in_flight = SIZE_MAX;
  ByteVector received;
  for (int i = 0; i < 10; ++i) {
    const auto written = stream.write_some(queue);
    ASSERT_NE(written.status, IoStatus::error) << written.error.message();
    queue.erase(queue.begin(), queue.begin() + static_cast<std::ptrdiff_t>(written.bytes));
    const ByteVector more = peer.read();
    received.insert(received.end(), more.begin(), more.end());
  }
  EXPECT_EQ(received, stuck);
  if (!reads_on) {
    EXPECT_EQ(stream.read_some(buffer).bytes, 14U);
  }
}

TEST_P(TlsKeyUpdate, hides_no_data) {
  for (int i = 0; i < 20; ++i) {
    peer.write(wire_bytes("before"));
    peer.update_keys(true);
    peer.write(wire_bytes("after"));
    std::size_t read = 0;
    for (int tries = 0; tries < 5 && read < 11; ++tries) read += stream.read_some(buffer).bytes;
    EXPECT_EQ(read, 11U);
  }
}

/// Records without data must not keep one call busy for as long as the peer likes.
TEST_P(TlsKeyUpdate, a_flood_of_them_does_not_keep_one_read_busy_for_ever) {
  for (int i = 0; i < 3000; ++i) peer.update_keys(false);
  const std::size_t flood = end->unread();
  ASSERT_GT(flood, 60'000U);
  const auto result = stream.read_some(buffer);
  EXPECT_TRUE(result.would_block() || result.status == IoStatus::error);
  EXPECT_GT(end->unread(), 0U) << "all of the flood was swallowed in one call";
}

/// Usual is one key update in 2^24 records; thirty in a row are legal.
TEST_P(TlsKeyUpdate, thirty_without_data_are_no_flood) {
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 30; ++i) peer.update_keys(i % 2 == 0);
    EXPECT_EQ(stream.read_some(buffer).status, IoStatus::want_read);
    for (int i = 0; i < 30; ++i) peer.write(wire_bytes("data"));
    EXPECT_EQ(stream.read_some(buffer).bytes, 120U);
  }
}

TEST_P(TlsKeyUpdate, a_record_that_comes_byte_by_byte_counts_once) {
  end->most_per_read = 1;
  for (int i = 0; i < 100; ++i) {
    peer.write(wire_bytes("x"));
    std::size_t read = 0;
    for (int tries = 0; tries < 100 && read == 0; ++tries) {
      const auto result = stream.read_some(buffer);
      ASSERT_NE(result.status, IoStatus::error) << result.error.message();
      read = result.bytes;
    }
    ASSERT_EQ(read, 1U);
  }
}

/// 3,000 key updates are 80 KB. Taking one costs OpenSSL about as much as making it.
TEST_P(TlsKeyUpdate, a_flood_of_them_ends_the_connection_with_an_error_of_its_own) {
  double begin = cpu_time();
  for (int i = 0; i < 3000; ++i) peer.update_keys(false);
  const double making = cpu_time() - begin;
  begin = cpu_time();
  net::IoResult result;
  int calls = 0;
  for (; calls < 10 && result.status != IoStatus::error; ++calls) result = stream.read_some(buffer);
  EXPECT_LT(cpu_time() - begin, making / 4);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(result.error, tls::TlsErrc::idle_records);
  EXPECT_EQ(stream.read_some(buffer).error, tls::TlsErrc::idle_records) << "for good";
  EXPECT_TRUE(tls::is_tls_error(result.error));
}

TEST_P(TlsTickets, a_flood_of_them_ends_the_connection) {
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(::SSL_new_session_ticket(peer.ssl()), 1);
    (void)peer.handshake();
  }
  EXPECT_EQ(stream.read_some(buffer).error, tls::TlsErrc::idle_records);
}

/// A byte of data now and then does not make a flood legal while key updates outnumber the data.
TEST_P(TlsKeyUpdate, a_flood_with_a_byte_now_and_then_ends_the_connection) {
  for (int i = 0; i < 100; ++i) {
    for (int n = 0; n < 8; ++n) peer.update_keys(false);
    peer.write(wire_bytes("x"));
  }
  net::IoResult result;
  for (int i = 0; i < 200 && result.status != IoStatus::error; ++i)
    result = stream.read_some(buffer);
  EXPECT_EQ(result.error, tls::TlsErrc::idle_records);
}

TEST_P(TlsKeyUpdate, one_read_takes_up_a_bounded_number_of_records) {
  ByteVector large(1u << 20);
  for (int i = 0; i < 20'000; ++i) peer.write(wire_bytes("x"));
  int reads = 0;
  for (std::size_t total = 0; total < 20'000; ++reads) {
    const auto result = stream.read_some(large);
    ASSERT_TRUE(result.is_ok()) << result.error.message();
    ASSERT_LE(result.bytes, static_cast<std::size_t>(limits::tls_records_per_read));
    total += result.bytes;
    ASSERT_EQ(stream.has_buffered_input() || end->unread() > 0, total < 20'000);
  }
  EXPECT_GT(reads, 300);
}

TEST_P(TlsKeyUpdate, empty_records_do_not_keep_one_read_busy_for_ever) {
  // Some stacks send records without data as cover traffic.
  for (int i = 0; i < 2000; ++i) {
    std::size_t size = 0;
    ASSERT_EQ(::SSL_write_ex(peer.ssl(), "", 0, &size), 1);
  }
  peer.write(wire_bytes("x"));
  const auto result = stream.read_some(buffer);
  EXPECT_TRUE(result.is_ok() || result.would_block() || result.status == IoStatus::error);
}

INSTANTIATE_TEST_SUITE_P(Ends, TlsKeyUpdate, ::testing::Values(Role::client, Role::server),
                         role_name);
INSTANTIATE_TEST_SUITE_P(Client, TlsTickets, ::testing::Values(Role::client), role_name);

}  // namespace
}  // namespace wirespan::test
