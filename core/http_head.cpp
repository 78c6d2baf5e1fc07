// http_head.cpp - parses the head of a request or response. RFC 9112 §2 to §5.
#include <algorithm>

#include <wirespan/core/ascii.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/core/http_head.hpp>

namespace wirespan {
namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::string_view head_end = "\r\n\r\n";
constexpr std::string_view response_start = "HTTP/1.";
/// Bytes. Longer than any registered method; a longer first word is not HTTP.
constexpr std::size_t longest_method = 32;

/// Removes the first line. Requires that there is one.
std::string_view next_line(std::string_view& text) noexcept {
  const std::string_view line = text.substr(0, text.find(line_end));
  text.remove_prefix(line.size() + line_end.size());
  return line;
}

/// Removes the first word, and the single space behind it.
std::string_view next_word(std::string_view& line) noexcept {
  const std::string_view word = line.substr(0, line.find(' '));
  line.remove_prefix(std::min(word.size() + 1, line.size()));
  return word;
}

/// Parses "HTTP/1.x". Errc::bad_http_version for another major version, malformed_start_line for
/// any other text.
std::error_code parse_version(std::string_view text, int& minor) noexcept {
  const bool is_version = text.size() == 8 && text.starts_with("HTTP/") && is_digit(text[5]) &&
                          text[6] == '.' && is_digit(text[7]);
  if (!is_version) return Errc::malformed_start_line;
  if (text[5] != '1') return Errc::bad_http_version;
  minor = text[7] - '0';
  return {};
}

std::error_code parse_start_line(std::string_view line, RequestHead& head,
                                 const HeadLimits& limits) noexcept {
  head.method = next_word(line);
  head.target = next_word(line);
  const bool plausible = is_token(head.method) && head.method.size() <= longest_method;
  if (!plausible || head.target.empty()) return Errc::malformed_start_line;
  if (!std::all_of(head.target.begin(), head.target.end(), is_visible)) {
    return Errc::malformed_start_line;
  }
  if (const auto error = parse_version(line, head.minor_version)) return error;
  return head.target.size() > limits.target ? Errc::target_too_long : std::error_code{};
}

std::error_code parse_start_line(std::string_view line, ResponseHead& head,
                                 const HeadLimits&) noexcept {
  if (const auto error = parse_version(next_word(line), head.minor_version)) return error;
  const std::string_view status = line.substr(0, line.find(' '));
  if (status.size() != 3 || !std::all_of(status.begin(), status.end(), is_digit)) {
    return Errc::malformed_start_line;
  }
  head.status = (status[0] - '0') * 100 + (status[1] - '0') * 10 + (status[2] - '0');
  if (head.status < 100) return Errc::malformed_start_line;
  // RFC 9112 §4 demands a space after the status even if the reason is empty; many servers omit it.
  line.remove_prefix(std::min<std::size_t>(4, line.size()));
  if (!is_field_value(line)) return Errc::malformed_start_line;
  head.reason = line;
  return {};
}

std::error_code parse_field(std::string_view line, HeaderField& field) noexcept {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return Errc::malformed_field;
  field = {.name = line.substr(0, colon), .value = trim(line.substr(colon + 1))};
  return is_valid_header(field.name, field.value) ? std::error_code{} : Errc::malformed_field;
}

template <class Head>
std::error_code parse_lines(std::string_view text, std::span<HeaderField> fields,
                            const HeadLimits& limits, Head& head) noexcept {
  if (const auto error = parse_start_line(next_line(text), head, limits)) return error;
  std::size_t count = 0;
  while (!text.empty()) {
    if (count == std::min(fields.size(), limits.fields)) return Errc::too_many_fields;
    if (const auto error = parse_field(next_line(text), fields[count])) return error;
    ++count;
  }
  head.fields = fields.first(count);
  return {};
}

/// Rejects a text that cannot be the beginning of a head, before its end is here: garbage fails at
/// once instead of costing a time-out.
std::error_code check_beginning(std::string_view text, RequestHead*) noexcept {
  // A lone CR may be the first half of the empty line that is ignored.
  if (text.empty() || text == line_end.substr(0, 1)) return {};
  const std::string_view method = text.substr(0, longest_method + 1);
  const std::size_t length = std::min(method.find(' '), method.size());
  const bool plausible = length > 0 && length <= longest_method &&
                         std::all_of(method.begin(), method.begin() + length, is_token_char);
  return plausible ? std::error_code{} : Errc::malformed_start_line;
}

std::error_code check_beginning(std::string_view text, ResponseHead*) noexcept {
  const std::size_t length = std::min(text.size(), response_start.size());
  if (text.substr(0, length) == response_start.substr(0, length)) return {};
  const bool other_version =
      text.size() > 5 && text.starts_with("HTTP/") && is_digit(text[5]) && text[5] != '1';
  return other_version ? Errc::bad_http_version : Errc::malformed_start_line;
}

/// True if there is a bare line feed (no CR before it) at `from` or behind; the bytes before `from`
/// were checked by an earlier call.
bool has_bare_line_feed(std::string_view text, std::size_t from) noexcept {
  for (std::size_t at = text.find('\n', from); at != std::string_view::npos;
       at = text.find('\n', at + 1)) {
    if (at == 0 || text[at - 1] != '\r') return true;
  }
  return false;
}

std::error_code too_long(std::string_view text, const HeadLimits& limits, RequestHead*) noexcept {
  std::string_view line = text.substr(0, text.find(line_end));
  (void)next_word(line);  // the method
  return next_word(line).size() > limits.target ? Errc::target_too_long : Errc::head_too_long;
}

std::error_code too_long(std::string_view, const HeadLimits&, ResponseHead*) noexcept {
  return Errc::head_too_long;
}

/// Parses a head behind `skipped` bytes of an empty line; `seen` as in parse_request_head(). The
/// checks come in the same order for a whole head and for one in pieces, so that the result does
/// not depend on where the input was cut.
template <class Head>
Parsed<Head> parse_head(std::string_view text, std::size_t skipped, std::size_t seen,
                        std::span<HeaderField> fields, const HeadLimits& limits) noexcept {
  const auto malformed = [](std::error_code error) {
    return Parsed<Head>{.status = ParseStatus::malformed, .error = error};
  };
  Head* const kind = nullptr;
  if (const auto error = check_beginning(text, kind)) return malformed(error);

  const std::size_t overlap = skipped + head_end.size() - 1;
  const std::size_t from = seen > overlap ? seen - overlap : 0;
  const std::size_t end = text.find(head_end, from);
  const std::string_view in_bounds = text.substr(0, limits.size - std::min(limits.size, skipped));
  if (has_bare_line_feed(in_bounds.substr(0, end), from)) return malformed(Errc::malformed_field);

  const bool complete = end != std::string_view::npos;
  const std::size_t size = skipped + (complete ? end + head_end.size() : text.size());
  if (size > limits.size || (!complete && size == limits.size)) {
    return malformed(too_long(text, limits, kind));
  }
  if (!complete) return {};
  Parsed<Head> parsed{.status = ParseStatus::complete, .size = size, .error = {}};
  const std::string_view lines = text.substr(0, end + line_end.size());
  if (const auto error = parse_lines(lines, fields, limits, parsed.head)) return malformed(error);
  return parsed;
}

}  // namespace

Parsed<RequestHead> parse_request_head(Bytes in, std::span<HeaderField> fields, std::size_t seen,
                                       const HeadLimits& limits) noexcept {
  std::string_view text = wire_text(in);
  if (text.starts_with(line_end)) text.remove_prefix(line_end.size());
  return parse_head<RequestHead>(text, in.size() - text.size(), seen, fields, limits);
}

Parsed<ResponseHead> parse_response_head(Bytes in, std::span<HeaderField> fields, std::size_t seen,
                                         const HeadLimits& limits) noexcept {
  return parse_head<ResponseHead>(wire_text(in), 0, seen, fields, limits);
}

}  // namespace wirespan
