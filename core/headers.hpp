// headers.hpp - header fields as a list that keeps order and spelling. RFC 9110 §5.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wirespan {

/// One header field, owned.
struct Header {
  std::string name;
  std::string value;
  bool operator==(const Header&) const = default;
};

/// One header field, borrowed from the head it was parsed from.
struct HeaderField {
  std::string_view name;
  std::string_view value;
};

/// An ordered list of header fields. Names compare without case; a name may occur more than once.
/// Nothing is checked here: what goes to the wire is checked where it is written.
class Headers {
 public:
  Headers() = default;
  Headers(std::initializer_list<Header> headers) : headers_(headers) {}
  explicit Headers(std::span<const HeaderField> fields);

  void add(std::string name, std::string value);
  /// Removes all fields of that name, then adds this one.
  void set(std::string name, std::string value);
  void remove(std::string_view name);

  /// The value of the first field of that name. Borrowed: valid until the list changes.
  [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const noexcept;
  [[nodiscard]] std::vector<std::string_view> get_all(std::string_view name) const;
  [[nodiscard]] bool contains(std::string_view name) const noexcept;

  [[nodiscard]] bool empty() const noexcept { return headers_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return headers_.size(); }
  [[nodiscard]] auto begin() const noexcept { return headers_.begin(); }
  [[nodiscard]] auto end() const noexcept { return headers_.end(); }
  bool operator==(const Headers&) const = default;

 private:
  std::vector<Header> headers_;
};

/// A name that is a token, and a value without control characters: nothing that could start a line
/// of its own. RFC 9110 §5.1, §5.5.
[[nodiscard]] bool is_valid_header(std::string_view name, std::string_view value) noexcept;

/// How often a name occurs, and the value of its first occurrence.
struct FieldLookup {
  std::size_t count = 0;
  std::string_view value;
};
[[nodiscard]] FieldLookup find_field(std::span<const HeaderField> fields,
                                     std::string_view name) noexcept;

/// Takes the next element off a comma-separated list, trimmed; empty elements are skipped. Nothing
/// when the list is at its end. RFC 9110 §5.6.1.
[[nodiscard]] std::optional<std::string_view> next_list_element(std::string_view& list) noexcept;

/// True if any field of that name lists `token`, compared without case.
[[nodiscard]] bool lists_token(std::span<const HeaderField> fields, std::string_view name,
                               std::string_view token) noexcept;

}  // namespace wirespan
