// wsdump_json.hpp - reads one flat JSON object. RFC 8259.
#pragma once

#include <cstddef>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>

namespace wsdump::json {

/// A string, a number, true or false, or null.
using Value = std::variant<std::nullptr_t, bool, double, std::string>;
using Object = std::map<std::string, Value>;

/// Returns the members of an object; of members with the same name the last one. Throws
/// std::runtime_error, which says what was expected and at which byte, for anything else: nested
/// values are not read.
[[nodiscard]] Object parse_object(std::string_view text);

}  // namespace wsdump::json
