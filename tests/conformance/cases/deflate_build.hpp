// deflate_build.hpp - the common offer and plan of the cases about permessage-deflate.
#pragma once

#include "cases/build.hpp"
#include "cases/data.hpp"

namespace conformance {

inline constexpr std::string_view plain_offer = "permessage-deflate; client_max_window_bits";

/// Exchanges `count` compressed messages, one at a time, then closes.
[[nodiscard]] inline Plan compressed_exchange(DeflatePlan deflate, std::size_t count = 40,
                                              std::size_t size = 3000) {
  const auto content = Content::of(Nature::html);
  Plan plan;
  plan.deflate = std::move(deflate);
  plan.script = {
      CloseLimit{10s},
      Exchange{.count = count, .compressed = true, .payload = [content, size](std::size_t index) {
                 return content->window(index, size);
               }}};
  plan.expected = {{Behavior::ok, {exchanged(count)}}};
  return plan;
}

}  // namespace conformance
