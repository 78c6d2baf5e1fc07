// published.hpp - what the load generator asks a server to publish, and what that looks like.
// C++17, for the peers.
#pragma once

#include <cstddef>
#include <cstdio>
#include <string>

namespace fan_out {

constexpr std::size_t largest_message = std::size_t{1} << 20;

/// "publish COUNT SIZE" and a line feed: the order to send that many messages of that many bytes to
/// everybody, all of them in the same turn of the loop.
struct Order {
  std::size_t count = 0;
  std::size_t size = 0;
};

inline std::string text_of(const Order& order) {
  return "publish " + std::to_string(order.count) + " " + std::to_string(order.size) + "\n";
}

/// False for anything else.
inline bool parse(const std::string& text, Order& order) {
  return std::sscanf(text.c_str(), "publish %zu %zu", &order.count, &order.size) == 2 &&
         order.size <= largest_message;
}

/// The messages of a burst, which are parts of one text and so cost nothing to make: each begins
/// one letter later than the one before.
class Messages {
 public:
  Messages() {
    for (std::size_t i = 0; i < largest_message + letters; ++i) {
      text_.push_back(static_cast<char>('a' + i % letters));
    }
  }
  const char* at(std::size_t index) const { return text_.data() + index % letters; }

 private:
  static constexpr std::size_t letters = 26;
  std::string text_;
};

}  // namespace fan_out
