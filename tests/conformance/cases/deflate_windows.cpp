// Group W4.4: the window sizes without a case in groups 12 and 13, in both directions. RFC 7692
// §7.1.2.
#include "cases/deflate_build.hpp"

namespace conformance {
namespace {

Plan with_window(int bits, bool forgetful) {
  const std::string value = std::to_string(bits);
  std::string offer =
      "permessage-deflate; server_max_window_bits=" + value + "; client_max_window_bits";
  if (forgetful) offer += "; server_no_context_takeover; client_no_context_takeover";
  return compressed_exchange({.offer = std::move(offer),
                              .answers = {{.client_no_context_takeover = forgetful,
                                           .client_max_window_bits = bits,
                                           .server_no_context_takeover = forgetful,
                                           .server_max_window_bits = bits}}});
}

}  // namespace

void add_deflate_windows(Cases& out) {
  int number = 0;
  for (const bool forgetful : {false, true}) {
    for (const int bits : {8, 10, 11, 12, 13, 14}) {
      add(out, "W4.4." + std::to_string(++number),
          "Compressed messages with windows of " + std::to_string(bits) + " bits" +
              (forgetful ? " and no context kept." : "."),
          "All come back, and no reference reaches beyond the window.",
          [=] { return with_window(bits, forgetful); });
    }
  }
}

}  // namespace conformance
