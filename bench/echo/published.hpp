// published.hpp - the load generator's order to publish, and the messages of the resulting burst.
// C++17, for the peers.
#pragma once

#include <cstddef>
#include <cstdio>
#include <string>

namespace fan_out {

constexpr std::size_t largest_message = std::size_t{1} << 20;

/// The order "publish COUNT SIZE" and a line feed: the server is to publish COUNT messages of SIZE
/// bytes to all connections, in one turn of its event loop.
struct Order {
  std::size_t count = 0;
  std::size_t size = 0;
};

inline std::string text_of(const Order& order) {
  return "publish " + std::to_string(order.count) + " " + std::to_string(order.size) + "\n";
}

/// Parses an order; false for any other text and for messages above `largest_message`.
inline bool parse(const std::string& text, Order& order) {
  return std::sscanf(text.c_str(), "publish %zu %zu", &order.count, &order.size) == 2 &&
         order.size <= largest_message;
}

/// The messages of a burst. They are views into one text, so that making them costs nothing; each
/// begins one letter later than the one before.
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
