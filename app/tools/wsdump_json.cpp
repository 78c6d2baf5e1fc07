// wsdump_json.cpp - a reader of flat JSON objects. RFC 8259.
#include "wsdump_json.hpp"

#include <charconv>
#include <cstdint>

#include <wirespan/core/ascii.hpp>

namespace wsdump::json {
namespace {

void append_utf8(std::uint32_t point, std::string& to) {
  const auto tail = [&](unsigned shift) {
    to += static_cast<char>(0x80 | ((point >> shift) & 0x3F));
  };
  if (point < 0x80) {
    to += static_cast<char>(point);
  } else if (point < 0x800) {
    to += static_cast<char>(0xC0 | (point >> 6));
    tail(0);
  } else if (point < 0x10000) {
    to += static_cast<char>(0xE0 | (point >> 12));
    tail(6);
    tail(0);
  } else {
    to += static_cast<char>(0xF0 | (point >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Object object() {
    Object members;
    expect('{');
    if (!take('}')) {
      do {
        std::string name = string();
        expect(':');
        members.insert_or_assign(std::move(name), value());
      } while (take(','));
      expect('}');
    }
    skip_blanks();
    if (at_ < text_.size()) fail("the end");
    return members;
  }

 private:
  [[noreturn]] void fail(std::string_view expected) const {
    throw std::runtime_error("not a flat JSON object: " + std::string(expected) +
                             " expected at byte " + std::to_string(at_ + 1));
  }

  void skip_blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\r')) {
      ++at_;
    }
  }

  bool take(char c) {
    skip_blanks();
    const bool is_there = at_ < text_.size() && text_[at_] == c;
    if (is_there) ++at_;
    return is_there;
  }

  void expect(char c) {
    if (!take(c)) fail(std::string{'\'', c, '\''});
  }

  bool take_word(std::string_view word) {
    const bool is_there = text_.substr(at_).starts_with(word);
    if (is_there) at_ += word.size();
    return is_there;
  }

  Value value() {
    skip_blanks();
    if (take_word("null")) return nullptr;
    if (take_word("true")) return true;
    if (take_word("false")) return false;
    if (at_ < text_.size() && text_[at_] == '"') return string();
    return number();
  }

  double number() {
    double value = 0;
    const char* begin = text_.data() + at_;
    const std::size_t sign = text_.substr(at_).starts_with('-') ? 1 : 0;
    const std::string_view digits = text_.substr(at_ + sign, 1);
    const bool starts_well = !digits.empty() && wirespan::is_digit(digits.front());
    const auto result = std::from_chars(begin, text_.data() + text_.size(), value);
    if (!starts_well || result.ec != std::errc()) fail("a string, a number, true, false or null");
    at_ += static_cast<std::size_t>(result.ptr - begin);
    return value;
  }

  std::string string() {
    expect('"');
    std::string value;
    while (true) {
      if (at_ == text_.size()) fail("'\"'");
      const char c = text_[at_++];
      if (c == '"') return value;
      if (static_cast<unsigned char>(c) < 0x20) fail("no control character");
      if (c == '\\') {
        append_escape(value);
      } else {
        value += c;
      }
    }
  }

  void append_escape(std::string& to) {
    constexpr std::string_view names = "\"\\/bfnrt";
    constexpr std::string_view values = "\"\\/\b\f\n\r\t";
    const char c = at_ < text_.size() ? text_[at_] : '\0';
    if (c == 'u') return append_utf8(code_point(), to);
    const std::size_t found = c == '\0' ? std::string_view::npos : names.find(c);
    if (found == std::string_view::npos) fail("an escape sequence");
    ++at_;
    to += values[found];
  }

  /// Reads "uXXXX", or two of them with a backslash between for a code point above U+FFFF.
  std::uint32_t code_point() {
    const std::uint32_t first = code_unit();
    if (first < 0xD800 || first > 0xDFFF) return first;
    if (first > 0xDBFF || !take_word("\\")) fail("a pair of surrogates");
    const std::uint32_t second = code_unit();
    if (second < 0xDC00 || second > 0xDFFF) fail("a pair of surrogates");
    return 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
  }

  std::uint32_t code_unit() {
    if (!take_word("u")) fail("'u'");
    std::uint32_t unit = 0;
    const char* begin = text_.data() + at_;
    const std::size_t rest = text_.size() - at_;
    const auto result = std::from_chars(begin, begin + (rest < 4 ? rest : 4), unit, 16);
    if (result.ec != std::errc() || result.ptr != begin + 4) fail("four hexadecimal digits");
    at_ += 4;
    return unit;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Object parse_object(std::string_view text) { return Reader(text).object(); }

}  // namespace wsdump::json
