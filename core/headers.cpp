// headers.cpp - the list of header fields, and look-ups in a parsed head. RFC 9110 §5.
#include <algorithm>
#include <utility>

#include <wirespan/core/ascii.hpp>
#include <wirespan/core/headers.hpp>

namespace wirespan {

Headers::Headers(std::span<const HeaderField> fields) {
  headers_.reserve(fields.size());
  for (const auto& [name, value] : fields) add(std::string(name), std::string(value));
}

void Headers::add(std::string name, std::string value) {
  headers_.push_back({std::move(name), std::move(value)});
}

void Headers::set(std::string name, std::string value) {
  remove(name);
  add(std::move(name), std::move(value));
}

void Headers::remove(std::string_view name) {
  std::erase_if(headers_,
                [&](const Header& header) { return equal_ignoring_case(header.name, name); });
}

std::optional<std::string_view> Headers::get(std::string_view name) const noexcept {
  const auto found = std::find_if(headers_.begin(), headers_.end(), [&](const Header& header) {
    return equal_ignoring_case(header.name, name);
  });
  if (found == headers_.end()) return std::nullopt;
  return found->value;
}

std::vector<std::string_view> Headers::get_all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const Header& header : headers_) {
    if (equal_ignoring_case(header.name, name)) values.emplace_back(header.value);
  }
  return values;
}

bool Headers::contains(std::string_view name) const noexcept { return get(name).has_value(); }

bool is_valid_header(std::string_view name, std::string_view value) noexcept {
  return is_token(name) && is_field_value(value);
}

FieldLookup find_field(std::span<const HeaderField> fields, std::string_view name) noexcept {
  FieldLookup found;
  for (const HeaderField& field : fields) {
    if (!equal_ignoring_case(field.name, name)) continue;
    if (found.count++ == 0) found.value = field.value;
  }
  return found;
}

std::optional<std::string_view> next_list_element(std::string_view& list) noexcept {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    const std::string_view element = trim(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
    if (!element.empty()) return element;
  }
  return std::nullopt;
}

bool lists_token(std::span<const HeaderField> fields, std::string_view name,
                 std::string_view token) noexcept {
  for (const HeaderField& field : fields) {
    if (!equal_ignoring_case(field.name, name)) continue;
    std::string_view list = field.value;
    while (const auto element = next_list_element(list)) {
      if (equal_ignoring_case(*element, token)) return true;
    }
  }
  return false;
}

}  // namespace wirespan
