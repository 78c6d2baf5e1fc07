// trades.hpp - messages for measuring compression: trades as JSON, none like another.
#pragma once

#include <array>
#include <cstddef>
#include <cstdio>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace wirespan::bench {

inline void append_trade(std::string& text, std::mt19937& random) {
  constexpr std::array<const char*, 6> symbols{"BTC-USD", "ETH-USD", "SOL-USD",
                                               "XRP-EUR", "ADA-EUR", "DOGE-USD"};
  const auto below = [&](unsigned most) { return static_cast<unsigned>(random() % most); };
  const char* const symbol = symbols[below(symbols.size())];
  const unsigned price = below(90'000) + 1000;
  const unsigned cents = below(100);
  const unsigned size = below(1'000'000);
  const char* const side = below(2) == 0 ? "buy" : "sell";
  const unsigned id = below(1'000'000'000);
  const unsigned time = below(100'000'000);
  std::array<char, 256> trade{};
  const int length = std::snprintf(
      trade.data(), trade.size(),
      R"({"type":"trade","symbol":"%s","price":%u.%02u,"size":0.%06u,"side":"%s","id":%u,"time":17320%08u},)",
      symbol, price, cents, size, side, id, time);
  text.append(trade.data(), static_cast<std::size_t>(length));
}

/// Returns messages of `size` bytes, each a list of trades, the same in every run.
[[nodiscard]] inline std::vector<std::string> trades(std::size_t count, std::size_t size) {
  std::mt19937 random(1);
  std::vector<std::string> messages(count);
  for (std::string& message : messages) {
    message = "[";
    while (message.size() < size) append_trade(message, random);
    message.resize(size);
  }
  return messages;
}

}  // namespace wirespan::bench
