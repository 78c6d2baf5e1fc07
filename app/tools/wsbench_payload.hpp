// wsbench_payload.hpp - the messages of wsbench: a number, and words that compress by a half.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace wsbench {

inline constexpr std::size_t smallest_payload = 12;  ///< The digits of a number.

/// Makes numbered messages of one size, and knows them again.
class Payload {
 public:
  /// Requires size >= smallest_payload.
  explicit Payload(std::size_t size);

  /// Message `number`; borrowed until the next call.
  [[nodiscard]] std::string_view numbered(std::uint64_t number);
  /// True if `text` is message `number`, every byte of it.
  [[nodiscard]] bool is(std::string_view text, std::uint64_t number) const;

 private:
  std::string text_;
};

}  // namespace wsbench
