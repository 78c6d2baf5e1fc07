// headers.hpp - header fields as a list that keeps order and spelling. RFC 9110 §5.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <wirespan/core/cxx20.hpp>

namespace wirespan {

/// One header field, owned.
struct Header {
  std::string name;   ///< As sent or given: lookups ignore case.
  std::string value;  ///< Without white space around it.
  bool operator==(const Header&) const = default;
};

/// One header field, borrowed from the head it was parsed from.
struct HeaderField {
  std::string_view name;   ///< As sent.
  std::string_view value;  ///< Without white space around it.
};

/// An ordered list of header fields. Names compare without case; a name may occur more than once.
/// The list checks no field: the handshakes check those that they send.
class Headers {
 public:
  /// Makes an empty list, or copies the fields given.
  Headers() = default;
  Headers(std::initializer_list<Header> headers) : headers_(headers) {}
  explicit Headers(std::span<const HeaderField> fields);

  /// Adds a field at the end.
  void add(std::string name, std::string value);
  /// Removes all fields of that name, then adds this one at the end.
  void set(std::string name, std::string value);
  /// Removes all fields of that name.
  void remove(std::string_view name);

  /// The value of the first field of that name. Borrowed: valid until the list changes.
  [[nodiscard]] std::optional<std::string_view> get(std::string_view name) const noexcept;
  /// The values of all fields of that name, in order. Borrowed in the same way.
  [[nodiscard]] std::vector<std::string_view> get_all(std::string_view name) const;
  /// True if there is a field of that name.
  [[nodiscard]] bool contains(std::string_view name) const noexcept;

  /// Number of fields, and iteration over them in order.
  [[nodiscard]] bool empty() const noexcept { return headers_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return headers_.size(); }
  [[nodiscard]] auto begin() const noexcept { return headers_.begin(); }
  [[nodiscard]] auto end() const noexcept { return headers_.end(); }
  bool operator==(const Headers&) const = default;

 private:
  std::vector<Header> headers_;
};

/// True if the name is a token and the value has no control characters: no header injection, since
/// neither can start a line of its own. RFC 9110 §5.1, §5.5.
[[nodiscard]] bool is_valid_header(std::string_view name, std::string_view value) noexcept;

/// Number of fields with a name, and the value of the first one.
struct FieldLookup {
  std::size_t count = 0;   ///< Number of fields with the name.
  std::string_view value;  ///< Of the first of them.
};
/// Looks for the fields of that name, compared without case.
[[nodiscard]] FieldLookup find_field(std::span<const HeaderField> fields,
                                     std::string_view name) noexcept;

/// Removes the next element from a comma-separated list and returns it, trimmed; empty elements are
/// skipped. std::nullopt at the end of the list. RFC 9110 §5.6.1.
[[nodiscard]] std::optional<std::string_view> next_list_element(std::string_view& list) noexcept;

/// True if any field of that name has a list with `token`, both compared without case.
[[nodiscard]] bool lists_token(std::span<const HeaderField> fields, std::string_view name,
                               std::string_view token) noexcept;

}  // namespace wirespan
