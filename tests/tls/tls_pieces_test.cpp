// tls/tls_stream.hpp: gather write - several pieces in one write, and which of them must be
// repeated.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/tls_pair.hpp"

namespace wirespan::test {
namespace {

using Pieces = std::vector<ByteVector>;

ByteVector whole(const Pieces& pieces) {
  ByteVector bytes;
  for (const ByteVector& piece : pieces) bytes.insert(bytes.end(), piece.begin(), piece.end());
  return bytes;
}

/// Returns pieces of these sizes, with different contents.
Pieces pieces_of_sizes(const std::vector<std::size_t>& sizes) {
  std::size_t total = 0;
  for (const std::size_t size : sizes) total += size;
  const ByteVector all = pattern_bytes(total);
  Pieces pieces;
  std::size_t at = 0;
  for (const std::size_t size : sizes) {
    pieces.push_back(owned(Bytes(all).subspan(at, size)));
    at += size;
  }
  return pieces;
}

/// Returns the pieces without their first `sent` bytes, each at a new address.
Pieces rest_of(const Pieces& pieces, std::size_t sent) {
  Pieces rest;
  for (const ByteVector& piece : pieces) {
    const std::size_t skipped = std::min(sent, piece.size());
    sent -= skipped;
    if (skipped < piece.size()) rest.push_back(owned(Bytes(piece).subspan(skipped)));
  }
  return rest;
}

net::IoResult write(tls::TlsStream& stream, const Pieces& pieces) {
  std::vector<Bytes> views(pieces.begin(), pieces.end());
  return stream.write_pieces(views);
}

std::size_t read_into(tls::TlsStream& stream, ByteVector& all) {
  ByteVector buffer(40'000);
  const auto result = stream.read_some(buffer);
  EXPECT_NE(result.status, net::IoStatus::error) << result.error.message();
  all.insert(all.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(result.bytes));
  return result.bytes;
}

/// Writes until everything has arrived, and appends up to `more` small pieces meanwhile.
ByteVector transfer_pieces(TlsPair& pair, Pieces pieces, std::size_t more) {
  ByteVector received;
  std::size_t sent = 0;
  for (int idle = 0; idle < 2000; ++idle) {
    const Pieces rest = rest_of(pieces, sent);
    if (!rest.empty()) {
      const auto result = write(pair.server, rest);
      EXPECT_NE(result.status, net::IoStatus::error) << result.error.message();
      if (result.status == net::IoStatus::error) break;
      sent += result.bytes;
      const std::size_t left = whole(pieces).size() - sent;
      EXPECT_LE(pair.server.bytes_to_repeat(), left);
      EXPECT_TRUE(left > 0 || pair.server.bytes_to_repeat() == 0);
    }
    if (more > 0) {
      --more;
      pieces.push_back(ByteVector(more % 50 + 1, static_cast<std::byte>(more)));
    }
    if (read_into(pair.client, received) > 0) idle = 0;
    if (received.size() == whole(pieces).size() && more == 0) break;
  }
  EXPECT_EQ(received, whole(pieces));
  return received;
}

const std::vector<std::vector<std::size_t>> mixtures{{1},
                                                     {5, 6, 7},
                                                     {100, 20'000, 100},
                                                     {16'384},
                                                     {16'383, 2},
                                                     {16'384, 1},
                                                     {1, 16'384, 1},
                                                     {10'000, 10'000},
                                                     {40'000, 3, 40'000},
                                                     {0, 4, 0, 5},
                                                     {1, 1, 1, 1, 1, 1, 1, 1, 1, 1}};

TEST(TlsPieces, arrive_whole_and_in_order) {
  for (const auto& sizes : mixtures) {
    TlsPair pair;
    ASSERT_TRUE(pair.shake_hands().is_ok());
    const Pieces pieces = pieces_of_sizes(sizes);
    (void)transfer_pieces(pair, pieces, 0);
  }
}

TEST(TlsPieces, small_ones_share_a_record) {
  TlsPair pair;
  ASSERT_TRUE(pair.shake_hands().is_ok());
  const int before = pair.wire.server->writes;
  EXPECT_EQ(write(pair.server, pieces_of_sizes({100, 200, 300, 400})).bytes, 1000U);
  EXPECT_EQ(pair.wire.server->writes - before, 1);
}

/// A record that was partly written must be repeated unchanged; the pieces behind it may change.
TEST(TlsPieces, however_many_bytes_the_transport_takes) {
  for (std::size_t most = 1; most < 1300; most += most < 50 ? 1 : 97) {
    TlsPair pair;
    ASSERT_TRUE(pair.shake_hands().is_ok());
    pair.wire.server->most_in_flight = most;
    (void)transfer_pieces(pair, pieces_of_sizes({300, 5, 200, 1, 400}), 30);
  }
}

TEST(TlsPieces, with_large_ones_among_them) {
  for (const std::size_t most : {1000U, 5000U, 16'000U, 16'500U, 33'000U}) {
    for (const auto& sizes : mixtures) {
      TlsPair pair;
      ASSERT_TRUE(pair.shake_hands().is_ok());
      pair.wire.server->most_in_flight = most;
      (void)transfer_pieces(pair, pieces_of_sizes(sizes), 10);
    }
  }
}

TEST(TlsPieces, what_is_behind_the_bytes_to_repeat_may_be_changed) {
  for (std::size_t most = 0; most < 330; most += 11) {
    TlsPair pair;
    ASSERT_TRUE(pair.shake_hands().is_ok());
    pair.wire.server->most_in_flight = most;
    const Pieces first = pieces_of_sizes({16'384, 100, 200});
    const auto result = write(pair.server, first);
    ASSERT_NE(result.status, net::IoStatus::error);
    const std::size_t repeated = pair.server.bytes_to_repeat();
    ASSERT_GT(repeated, 0U);
    ASSERT_LE(repeated, 16'384U);
    ByteVector kept = owned(Bytes(whole(first)).subspan(result.bytes, repeated));
    const ByteVector already = owned(Bytes(whole(first)).first(result.bytes));
    pair.wire.server->most_in_flight = SIZE_MAX;
    const ByteVector other(50, std::byte{7});
    ByteVector received;
    std::size_t sent = 0;
    const Pieces second{kept, other};
    for (int i = 0; i < 100 && sent < whole(second).size(); ++i) {
      const auto again = write(pair.server, rest_of(second, sent));
      ASSERT_NE(again.status, net::IoStatus::error) << again.error.message();
      sent += again.bytes;
    }
    for (int i = 0; i < 10; ++i) (void)read_into(pair.client, received);
    EXPECT_EQ(received, join({already, kept, other})) << most;
  }
}

TEST(TlsPieces, nothing_to_write_is_no_error) {
  TlsPair pair;
  ASSERT_TRUE(pair.shake_hands().is_ok());
  EXPECT_EQ(pair.server.bytes_to_repeat(), 0U);
  const auto result = write(pair.server, {});
  EXPECT_TRUE(result.is_ok());
  EXPECT_EQ(result.bytes, 0U);
}

}  // namespace
}  // namespace wirespan::test
