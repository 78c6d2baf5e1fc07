// net/secure_random.cpp: mask keys that are unpredictable. RFC 6455 §5.3, §10.3.
#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <vector>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/hex.hpp"
#include "support/spy_network.hpp"
#include "support/stage.hpp"
#include <wirespan/core/connection.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/net/secure_random.hpp>

namespace wirespan::test {
namespace {

using net::SecureRandom;

std::vector<std::uint32_t> keys(std::size_t count) {
  SecureRandom random;
  const MaskSource source = random.mask_source();
  std::vector<std::uint32_t> all(count);
  for (std::uint32_t& key : all) {
    MaskKey bytes;
    if (!source.next(source.context, bytes)) ADD_FAILURE() << "no key";
    std::memcpy(&key, bytes.data(), sizeof key);
  }
  return all;
}

/// Among n values of 32 bits about n * n / 2^33 pairs are equal: 116 for a million. Five standard
/// deviations are 54.
TEST(SecureRandom, a_million_keys_repeat_no_more_than_chance_has_it) {
  auto all = keys(1'000'000);
  std::sort(all.begin(), all.end());
  int repeats = 0;
  for (std::size_t i = 1; i < all.size(); ++i) repeats += all[i] == all[i - 1] ? 1 : 0;
  EXPECT_LT(repeats, 190);
  EXPECT_GT(repeats, 50) << "keys that never repeat are not random either";
}

TEST(SecureRandom, every_bit_is_set_half_of_the_time) {
  const auto all = keys(200'000);
  for (unsigned bit = 0; bit < 32; ++bit) {
    std::size_t ones = 0;
    for (const std::uint32_t key : all) ones += (key >> bit) & 1;
    EXPECT_NEAR(static_cast<double>(ones), 100'000, 1'400) << "bit " << bit;  // six sigma
  }
}

TEST(SecureRandom, every_value_of_a_byte_is_as_frequent_as_the_others) {
  SecureRandom random;
  std::array<int, 256> seen{};
  std::array<std::byte, 1000> chunk;
  for (int i = 0; i < 256; ++i) {
    ASSERT_TRUE(random.fill(chunk));
    for (const std::byte byte : chunk) ++seen[std::to_integer<std::size_t>(byte)];
  }
  double chi_square = 0;
  for (const int count : seen) chi_square += (count - 1000.0) * (count - 1000.0) / 1000.0;
  EXPECT_GT(chi_square, 130) << "255 degrees of freedom";
  EXPECT_LT(chi_square, 400);
}

/// A generator that read its pool twice would repeat itself at a distance of about the pool's size.
TEST(SecureRandom, there_is_no_period) {
  const auto all = keys(20'000);
  for (std::size_t lag = 1; lag < 5000; ++lag) {
    std::size_t equal = 0;
    for (std::size_t i = lag; i < all.size(); i += 7) equal += all[i] == all[i - lag] ? 1 : 0;
    ASSERT_LE(equal, 3U) << "at a distance of " << lag;
  }
}

TEST(SecureRandom, any_amount_is_filled_to_the_last_byte) {
  SecureRandom random;
  for (const std::size_t size : {1U, 2U, 3U, 4U, 16U, 4095U, 4096U, 4097U, 100'000U}) {
    // In twenty rounds each byte stays zero with a probability of 2^-160.
    std::vector<std::byte> sum(size);
    for (int round = 0; round < 20; ++round) {
      std::vector<std::byte> bytes(size);
      ASSERT_TRUE(random.fill(bytes));
      for (std::size_t i = 0; i < size; ++i) sum[i] |= bytes[i];
    }
    EXPECT_EQ(std::count(sum.begin(), sum.end(), std::byte{0}), 0) << size;
  }
}

TEST(SecureRandom, nothing_is_asked_for_and_nothing_given) {
  SecureRandom random;
  EXPECT_TRUE(random.fill({}));
  std::array<std::byte, 4> some{};
  EXPECT_TRUE(random.fill(some));
  EXPECT_TRUE(random.fill({}));
}

/// Parent and child both have the pool's unused bytes; the child must not use them.
TEST(SecureRandom, a_forked_child_does_not_repeat_its_parent) {
#if defined(__SANITIZE_THREAD__)
  // The sanitizer cannot fork while another thread runs, as one of the resolver's may; one of the
  // two is the sanitizer's own.
  namespace fs = std::filesystem;
  const auto tasks =
      std::distance(fs::directory_iterator("/proc/self/task"), fs::directory_iterator());
  if (tasks > 2) GTEST_SKIP();
#endif
  SecureRandom random;
  std::array<std::byte, 16> warm_up;
  ASSERT_TRUE(random.fill(warm_up));
  std::array<int, 2> channel;
  ASSERT_EQ(::pipe(channel.data()), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    std::array<std::byte, 64> bytes;
    const bool filled = random.fill(bytes);
    const auto written = ::write(channel[1], bytes.data(), bytes.size());
    ::_exit(filled && written == 64 ? 0 : 1);
  }
  ASSERT_GT(child, 0);
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  std::array<std::byte, 64> of_child;
  ASSERT_EQ(::read(channel[0], of_child.data(), of_child.size()), 64);
  std::array<std::byte, 64> of_parent;
  ASSERT_TRUE(random.fill(of_parent));
  EXPECT_NE(to_hex(of_child), to_hex(of_parent));
  for (const int fd : channel) ::close(fd);
}

/// §10.3: without the kernel's generator there is no key.
TEST(SecureRandom, a_kernel_that_refuses_means_no) {
  Stage stage;
  SecureRandom random(stage);
  std::array<std::byte, 4096> bytes{};
  stage.random_works = false;
  EXPECT_FALSE(random.fill(MutableBytes(bytes).first(4)));
  EXPECT_FALSE(random.fill(bytes));
  std::vector<std::byte> large(100'000);
  EXPECT_FALSE(random.fill(large));
  MaskKey key;
  const MaskSource source = random.mask_source();
  EXPECT_FALSE(source.next(source.context, key));
  stage.random_works = true;
  EXPECT_TRUE(random.fill(MutableBytes(bytes).first(4))) << "it may come back";
}

TEST(SecureRandom, what_was_taken_before_the_failure_is_still_good) {
  SpyNetwork network;
  SecureRandom random(network);
  std::array<std::byte, 96> some;
  ASSERT_TRUE(random.fill(some));
  network.random_works = false;
  int given = 0;
  while (random.fill(some)) ++given;
  EXPECT_EQ(given, 4096 / 96 - 1);
  EXPECT_FALSE(random.fill(some)) << "used up, and never twice";
}

/// RFC 6455 §5.3: a client without a key sends nothing.
TEST(SecureRandom, a_client_without_keys_sends_no_frame) {
  Stage stage;
  stage.random_works = false;
  SecureRandom random(stage);
  Connection connection(Role::client, {.mask_source = random.mask_source()});
  EXPECT_EQ(connection.send(Opcode::text, bytes_of("hello")), Errc::no_mask_key);
  EXPECT_EQ(connection.ping(), Errc::no_mask_key);
  EXPECT_EQ(connection.close(), Errc::no_mask_key);
  EXPECT_TRUE(connection.output().empty());
}

}  // namespace
}  // namespace wirespan::test
