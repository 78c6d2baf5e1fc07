// data.cpp - generates the contents of compressed messages.
#include "cases/data.hpp"

#include <algorithm>
#include <array>
#include <mutex>
#include <random>

namespace conformance {
namespace {

constexpr std::size_t json_size = 194'056;
constexpr std::size_t image_side = 512;
constexpr std::size_t prose_size = 222'218;
constexpr std::size_t html_size = 263'647;
constexpr std::size_t dense_size = 1'042'328;

// The C++ standard defines this generator's output, so the data are the same on every machine.
using Generator = std::mt19937;

std::size_t below(Generator& generator, std::size_t limit) { return generator() % limit; }

Octets make_json() {
  Octets out = "[\n";
  Generator generator{1};
  for (std::size_t i = 0; out.size() < json_size; ++i) {
    out += "  {\"sensor\": " + std::to_string(i % 40) +
           ", \"unit\": \"celsius\", \"value\": " + std::to_string(below(generator, 30)) +
           ", \"valid\": true, \"place\": \"hall\"},\n";
  }
  out.resize(json_size);
  return out;
}

/// A grey picture: slow gradients with noise on top.
Octets make_image() {
  Octets out = "BM grey 512 x 512 " + Octets(1060, '\0');
  Generator generator{2};
  for (std::size_t y = 0; y < image_side; ++y) {
    for (std::size_t x = 0; x < image_side; ++x) {
      out.push_back(static_cast<char>((x / 8 + y / 6 + below(generator, 48)) & 0xff));
    }
  }
  return out;
}

/// Sentences of made-up words, short words most often; some letters take two octets.
Octets make_prose() {
  constexpr std::array<std::string_view, 20> syllables{
      "ber",       "gen", "li", "\xc3\xa4r", "sto", "mund", "ta",   "fei", "kro", "ne",
      "w\xc3\xbc", "sel", "ha", "rin",       "dor", "pa",   "schu", "gol", "mei", "\xc3\xb6l"};
  Octets out = "\xef\xbb\xbf";
  Generator generator{3};
  std::vector<Octets> words;
  for (std::size_t i = 0; i < 3000; ++i) {
    Octets word;
    for (std::size_t n = 1 + below(generator, 4); n > 0; --n) {
      word += syllables.at(below(generator, syllables.size()));
    }
    words.push_back(std::move(word));
  }
  while (out.size() < prose_size) {
    // The smallest of three draws, so that some words are frequent.
    const auto draw = std::min(below(generator, words.size()), below(generator, words.size()));
    out += words[std::min(draw, below(generator, words.size()))];
    out += below(generator, 12) == 0 ? ".\r\n" : " ";
  }
  out.resize(prose_size);
  return out;
}

Octets make_html() {
  Octets out = "<!DOCTYPE html>\n<html><body><table>\n";
  Generator generator{4};
  for (std::size_t row = 0; out.size() + 200 < html_size; ++row) {
    out += "<tr class=\"row\"><td class=\"number\"><a href=\"page_" + std::to_string(row % 97) +
           ".html\">entry " + std::to_string(row) + "</a></td><td class=\"price\">" +
           std::to_string(below(generator, 1000)) + (row % 64 == 0 ? " \xe2\x82\xac" : " EUR") +
           "</td></tr>\n";
  }
  out.append(html_size - out.size(), ' ');
  return out;
}

/// Three quarters noise, one quarter repetition: hardly compressible.
Octets make_dense() {
  Octets out = "%dense ";
  Generator generator{5};
  while (out.size() < dense_size) {
    for (std::size_t i = 0; i < 768; ++i) out.push_back(static_cast<char>(generator() & 0xff));
    out.append(out, out.size() - 256, 256);
  }
  out.resize(dense_size);
  return out;
}

Octets make(Nature nature) {
  switch (nature) {
    case Nature::json:
      return make_json();
    case Nature::image:
      return make_image();
    case Nature::prose:
      return make_prose();
    case Nature::html:
      return make_html();
    case Nature::dense:
      break;
  }
  return make_dense();
}

bool begins_character(char octet) noexcept { return (value_of(octet) & 0xc0) != 0x80; }

}  // namespace

Content::Content(Nature nature)
    : text_(nature == Nature::json || nature == Nature::html), octets_(make(nature)) {
  if (!text_ || std::ranges::all_of(octets_, begins_character)) return;
  for (std::size_t i = 0; i < octets_.size(); ++i) {
    if (begins_character(octets_[i])) characters_.push_back(static_cast<std::uint32_t>(i));
  }
}

std::size_t Content::units() const noexcept {
  return characters_.empty() ? octets_.size() : characters_.size();
}

std::size_t Content::offset_of(std::size_t unit) const noexcept {
  if (characters_.empty()) return unit;
  return unit == characters_.size() ? octets_.size() : characters_[unit];
}

Octets Content::window(std::size_t index, std::size_t size) const {
  Octets out;
  std::size_t from = index * size % units();
  for (std::size_t left = size; left > 0;) {
    const std::size_t take = std::min(left, units() - from);
    out.append(octets_, offset_of(from), offset_of(from + take) - offset_of(from));
    left -= take;
    from = 0;
  }
  return out;
}

std::shared_ptr<const Content> Content::of(Nature nature) {
  static std::mutex mutex;
  static std::array<std::shared_ptr<const Content>, 5> made;
  const std::scoped_lock lock(mutex);
  auto& content = made.at(static_cast<std::size_t>(nature));
  if (!content) content = std::make_shared<const Content>(nature);
  return content;
}

}  // namespace conformance
