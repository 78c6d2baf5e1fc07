// net/unique_fd.hpp: a descriptor has one owner and is closed once.
#include <utility>

#include <fcntl.h>
#include <gtest/gtest.h>

#include "support/sockets.hpp"
#include <wirespan/net/unique_fd.hpp>

namespace wirespan::test {
namespace {

using net::UniqueFd;

int some_descriptor() { return ::open("/dev/null", O_RDWR | O_CLOEXEC); }

TEST(UniqueFd, owns_nothing_at_first) {
  const UniqueFd none;
  EXPECT_FALSE(none.is_open());
  EXPECT_EQ(none.get(), -1);
  const UniqueFd failed(-1);
  EXPECT_FALSE(failed.is_open());
}

TEST(UniqueFd, closes_what_it_owns) {
  const int fd = some_descriptor();
  {
    const UniqueFd owner(fd);
    EXPECT_TRUE(owner.is_open());
    EXPECT_EQ(owner.get(), fd);
    EXPECT_TRUE(is_open_descriptor(fd));
  }
  EXPECT_FALSE(is_open_descriptor(fd));
}

TEST(UniqueFd, moving_hands_the_descriptor_over) {
  const int fd = some_descriptor();
  UniqueFd first(fd);
  UniqueFd second(std::move(first));
  EXPECT_FALSE(first.is_open());  // NOLINT: what is left after the move is the point
  EXPECT_EQ(second.get(), fd);
  UniqueFd third;
  third = std::move(second);
  EXPECT_EQ(third.get(), fd);
  EXPECT_TRUE(is_open_descriptor(fd));
}

TEST(UniqueFd, assignment_loses_neither_descriptor) {
  const std::size_t before = open_descriptors();
  {
    UniqueFd first(some_descriptor());
    UniqueFd second(some_descriptor());
    const int kept = second.get();
    first = std::move(second);
    EXPECT_EQ(first.get(), kept);
    first = UniqueFd();
    EXPECT_FALSE(is_open_descriptor(kept));
  }
  EXPECT_EQ(open_descriptors(), before);
}

TEST(UniqueFd, assigned_to_itself_it_stays_what_it_is) {
  UniqueFd owner(some_descriptor());
  UniqueFd& same = owner;
  owner = std::move(same);
  EXPECT_TRUE(is_open_descriptor(owner.get()));
}

TEST(UniqueFd, what_is_released_stays_open) {
  UniqueFd owner(some_descriptor());
  const int fd = owner.release();
  EXPECT_FALSE(owner.is_open());
  EXPECT_TRUE(is_open_descriptor(fd));
  const UniqueFd closer(fd);
}

}  // namespace
}  // namespace wirespan::test
