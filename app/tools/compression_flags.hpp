// compression_flags.hpp - the tools' option --compression: permessage-deflate off, or on with a
// context.
#pragma once

#include <optional>
#include <string>

#include <CLI/CLI.hpp>

#include <wirespan/core/deflate_parameters.hpp>

/// Adds --compression and its details to a command line. It is a flag with an optional value,
/// "--compression" or "--compression=dictionary", so that it does not take a URL behind it for its
/// value.
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

  /// The options as parsed; nullopt without --compression.
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
