// deflate_option_rows_test.cpp - every option of DeflateOptions, on either side of a life, with
// what its comment says of its values.
#include <climits>

#include "options/life.hpp"
#include "options/rows.hpp"

namespace wirespan::test::deflate_option_rows {
namespace {

using Options = DeflateOptions;

/// The story of a client with the options, and of a server with them if it differs.
std::string on_both_sides(const Options& options) {
  Life life;
  life.server.compression.emplace();
  const std::string client = live(life, AppOptions{.compression = options}, direct).story;
  life.server.compression = options;
  const std::string server = live(life, AppOptions{.compression = Options{}}, direct).story;
  return client == server ? client : client + "; server: " + server;
}

/// Returns the bytes of the frames in which the client sends five equal texts of 100 bytes.
std::string bytes_sent(Options options) {
  options.send_context = DeflateContext::none;
  Life life;
  life.server.compression.emplace();
  life.sizes = std::vector<std::size_t>(5, 100);
  const LifeReport report = live(life, AppOptions{.compression = options});
  return report.metrics.bytes_out < 300 ? "compressed" : "plain";
}

/// Whether a client whose demand the server does not grant compresses all the same.
std::string demands_more_than_it_gets(Options options) {
  options.receive_window_bits = 9;
  const auto& offers = make_deflate_offers(options);
  const bool demands = offers.front().parameters.server_max_window_bits == 9;
  const bool falls_back = offers.back() == DeflateOffer{};
  return std::string(demands ? "demands 9 bits" : "demands nothing") +
         (falls_back ? ", then nothing" : "");
}

const std::string refused_options =
    "refused (invalid option); server: server refused (invalid option)";
const std::string bomb =
    "5 echoes, no pong, failed (compressed data inflates to too much); server: "
    "5 echoes, no pong, closed by the server 1008";

const OptionRow<Options> rows[] = {
    {OPTION(send_context),
     on_both_sides,
     {{std::nullopt, works},
      {DeflateContext::none, works},
      {DeflateContext::dictionary, works},
      {DeflateContext::stream, works}}},
    {OPTION(receive_context),
     on_both_sides,
     {{std::nullopt, works},
      {DeflateContext::none, works},
      {DeflateContext::dictionary, works},
      {DeflateContext::stream, works}}},
    {OPTION(send_window_bits),
     on_both_sides,
     {{0, refused_options},
      {1, refused_options},
      {8, refused_options},
      {9, works},
      {15, works},
      {16, refused_options},
      {INT_MAX, refused_options}}},
    {OPTION(receive_window_bits),
     on_both_sides,
     {{0, refused_options},
      {1, refused_options},
      {8, refused_options},
      {9, works},
      {15, works},
      {16, refused_options},
      {INT_MAX, refused_options}}},
    {OPTION(level),
     on_both_sides,
     {{-1, refused_options},
      {0, refused_options},
      {1, works},
      {5, works},
      {9, works},
      {10, refused_options},
      {INT_MAX, refused_options}}},
    {OPTION(memory_level),
     on_both_sides,
     {{0, refused_options},
      {1, works},
      {8, works},
      {9, works},
      {10, refused_options},
      {INT_MAX, refused_options}}},
    {OPTION(threshold),
     bytes_sent,
     {{0, "compressed"},
      {1, "compressed"},
      {100, "compressed"},
      {101, "plain"},
      {512, "plain"},
      {most, "plain"}}},
    {OPTION(max_inflate_ratio),
     on_both_sides,
     {{0, works}, {1, bomb}, {1'032, works}, {most32, works}}},
    {OPTION(unconditional_fallback),
     demands_more_than_it_gets,
     {{false, "demands 9 bits"}, {true, "demands 9 bits, then nothing"}}},
};

WIRESPAN_OPTION_TABLE(DeflateOptionRows, rows);

}  // namespace
}  // namespace wirespan::test::deflate_option_rows
