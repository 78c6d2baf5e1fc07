// extensions.cpp - parses Sec-WebSocket-Extensions. RFC 6455 §9.1, RFC 9110 §5.6.
#include <algorithm>

#include <wirespan/core/ascii.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/core/extensions.hpp>
#include <wirespan/core/limits.hpp>

namespace wirespan {
namespace {

/// Scans the text once, from left to right; each function removes the element that it recognises.
class Scanner {
 public:
  explicit Scanner(std::string_view text) noexcept : rest_(text) {}

  [[nodiscard]] bool at_end() noexcept {
    skip_blanks();
    return rest_.empty();
  }

  [[nodiscard]] bool take(char c) noexcept {
    skip_blanks();
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  /// Removes a token; empty if there is none here.
  [[nodiscard]] std::string_view take_token() noexcept {
    skip_blanks();
    const auto end = std::find_if_not(rest_.begin(), rest_.end(), is_token_char);
    const auto token = rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
    rest_.remove_prefix(token.size());
    return token;
  }

  /// Removes the rest of a quoted string, behind the opening quote, and returns it without
  /// backslashes; std::nullopt if the closing quote is missing.
  [[nodiscard]] std::optional<std::string> take_quoted_rest() {
    std::string value;
    while (!rest_.empty()) {
      char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') return value;
      if (c == '\\') {
        if (rest_.empty()) return std::nullopt;
        c = rest_.front();
        rest_.remove_prefix(1);
      }
      value.push_back(c);
    }
    return std::nullopt;
  }

 private:
  void skip_blanks() noexcept {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t"), rest_.size()));
  }

  std::string_view rest_;
};

/// Removes a value: a token, or a quoted string that is a token after unquoting. std::nullopt if it
/// is neither.
std::optional<std::string> parse_value(Scanner& scanner) {
  auto value = scanner.take('"') ? scanner.take_quoted_rest() : std::string(scanner.take_token());
  return value && is_token(*value) ? std::move(value) : std::nullopt;
}

bool parse_parameters(Scanner& scanner, Extension& extension, std::size_t& elements) {
  while (scanner.take(';')) {
    ExtensionParameter parameter{.name = std::string(scanner.take_token()), .value = {}};
    if (parameter.name.empty()) return false;
    if (scanner.take('=')) {
      parameter.value = parse_value(scanner);
      if (!parameter.value) return false;
    }
    extension.parameters.push_back(std::move(parameter));
    if (++elements > limits::extension_elements) return false;
  }
  return true;
}

}  // namespace

Expected<std::vector<Extension>> parse_extensions(std::string_view text,
                                                  std::size_t elements_before) {
  std::vector<Extension> extensions;
  std::size_t elements = elements_before;
  Scanner scanner(text);
  while (!scanner.at_end()) {
    if (scanner.take(',')) continue;  // RFC 9110 §5.6.1: empty elements are ignored
    Extension extension{.name = std::string(scanner.take_token()), .parameters = {}};
    const bool valid = !extension.name.empty() && ++elements <= limits::extension_elements &&
                       parse_parameters(scanner, extension, elements);
    if (!valid) return std::error_code(Errc::bad_extensions);
    extensions.push_back(std::move(extension));
    if (!scanner.at_end() && !scanner.take(',')) return std::error_code(Errc::bad_extensions);
  }
  return extensions;
}

std::size_t count_elements(const std::vector<Extension>& extensions) noexcept {
  std::size_t count = extensions.size();
  for (const Extension& extension : extensions) count += extension.parameters.size();
  return count;
}

}  // namespace wirespan
