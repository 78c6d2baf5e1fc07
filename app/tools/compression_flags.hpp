// compression_flags.hpp - --compression for the programs: off, or on with some context.
#pragma once

#include <optional>
#include <string>

#include <CLI/CLI.hpp>

#include <wirespan/core/deflate_parameters.hpp>

/// Written "--compression" or "--compression=dictionary": as a flag, so that it takes no URL for
/// its value.
class CompressionFlags {
 public:
  explicit CompressionFlags(CLI::App& cli) {
    auto* flag = cli.add_flag("--compression{default}", context_,
                              "Compress messages (permessage-deflate); what is remembered of "
                              "earlier ones: =none, =dictionary or =stream")
                     ->check(CLI::IsMember({"default", "none", "dictionary", "stream"}));
    cli.add_option("--window-bits", window_bits_, "Of both directions, 9 to 15")
        ->needs(flag)
        ->capture_default_str();
    cli.add_option("--compress-from", threshold_, "Bytes; shorter messages go as they are")
        ->needs(flag)
        ->capture_default_str();
  }

  /// Nothing if it is off.
  [[nodiscard]] std::optional<wirespan::DeflateOptions> options() const {
    using wirespan::DeflateContext;
    if (context_.empty()) return std::nullopt;
    wirespan::DeflateOptions options{.send_window_bits = window_bits_,
                                     .receive_window_bits = window_bits_,
                                     .threshold = threshold_};
    if (context_ == "default") return options;
    options.send_context = context_ == "none"         ? DeflateContext::none
                           : context_ == "dictionary" ? DeflateContext::dictionary
                                                      : DeflateContext::stream;
    options.receive_context = options.send_context;
    return options;
  }

 private:
  std::string context_;
  int window_bits_ = 15;
  std::size_t threshold_ = wirespan::DeflateOptions{}.threshold;
};
