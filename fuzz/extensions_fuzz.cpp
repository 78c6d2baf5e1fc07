// extensions_fuzz.cpp - an accepted list of extensions consists of tokens, survives writing and
// parsing again, and two lists can be joined by a comma. RFC 6455 §9.1.
#include <string>

#include "fuzz_input.hpp"
#include <wirespan/core/ascii.hpp>
#include <wirespan/core/extensions.hpp>
#include <wirespan/core/limits.hpp>

namespace wirespan {

bool operator==(const ExtensionParameter& a, const ExtensionParameter& b) {
  return a.name == b.name && a.value == b.value;
}
bool operator==(const Extension& a, const Extension& b) {
  return a.name == b.name && a.parameters == b.parameters;
}

namespace fuzz {
namespace {

using List = std::vector<Extension>;

void check_tokens(const List& list) {
  for (const auto& [name, parameters] : list) {
    require(is_token(name), "the name of an extension is a token");
    for (const auto& parameter : parameters) {
      require(is_token(parameter.name), "the name of a parameter is a token");
      require(!parameter.value || is_token(*parameter.value), "so is its value");
    }
  }
}

/// The value as a quoted string with every character escaped: a parser removes the backslashes,
/// which change nothing before a character of a token.
std::string quoted_with_backslashes(const std::string& value) {
  std::string text = "\"";
  for (const char c : value) text.append("\\").append(1, c);
  return text + "\"";
}

std::string written(const List& list, bool quoted) {
  std::string text;
  for (const auto& [name, parameters] : list) {
    text.append(text.empty() ? "" : ",\t").append(name);
    for (const auto& parameter : parameters) {
      text.append("; ").append(parameter.name);
      if (!parameter.value) continue;
      text.append("=").append(quoted ? quoted_with_backslashes(*parameter.value)
                                     : *parameter.value);
    }
  }
  return text;
}

void check_again(const List& list) {
  for (const bool quoted : {false, true}) {
    const auto again = parse_extensions(written(list, quoted));
    require(again && *again == list, "a list survives being written and read");
  }
}

/// RFC 9110 §5.3: two fields of one name equal one field with a comma between their values. The
/// limit of elements counts both together.
void check_joined(std::string_view first, std::string_view second) {
  const auto a = parse_extensions(first);
  const auto b = parse_extensions(second);
  if (!a || !b) return;
  List expected = *a;
  expected.insert(expected.end(), b->begin(), b->end());
  const auto joined = parse_extensions(std::string(first) + "," + std::string(second));
  const auto second_of_two = parse_extensions(second, count_elements(*a));
  if (count_elements(expected) > limits::extension_elements) {
    require(!joined && !second_of_two, "the limit holds for one field and for two");
    return;
  }
  require(joined && *joined == expected, "two valid lists are one with a comma between them");
  require(second_of_two && *second_of_two == *b, "a second field is read as the first was");
}

}  // namespace
}  // namespace fuzz
}  // namespace wirespan

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wirespan::fuzz;
  FuzzInput input(data, size);
  const std::size_t cut = input.byte();
  const ExactCopy copy(input.rest());
  const std::string_view text = wirespan::wire_text(copy.get());
  if (const auto list = wirespan::parse_extensions(text)) {
    check_tokens(*list);
    check_again(*list);
    require(list->size() <= text.size() / 2 + 1, "an extension costs at least two characters");
  }
  const std::size_t middle = std::min(cut, text.size());
  check_joined(text.substr(0, middle), text.substr(middle));
  return 0;
}
