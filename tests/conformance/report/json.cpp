// json.cpp - writes JSON values as text.
#include "report/json.hpp"

#include <array>
#include <cstdio>

namespace conformance {
namespace {

void append_string(std::string& out, const std::string& text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      std::array<char, 8> escape{};
      std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(c));
      out += escape.data();
    } else {
      out += c;
    }
  }
  out += '"';
}

void append_number(std::string& out, double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.3f", value);
  out += text.data();
}

void new_line(std::string& out, int indent, int level) {
  if (indent < 0) return;
  out += '\n';
  out.append(static_cast<std::size_t>(indent) * static_cast<std::size_t>(level), ' ');
}

}  // namespace

std::string Json::text(int indent) const {
  std::string out;
  append_to(out, indent, 0);
  return out;
}

void Json::append_to(std::string& out, int indent, int level) const {
  if (const auto* array = std::get_if<Array>(&value_)) {
    out += '[';
    for (std::size_t i = 0; i < array->size(); ++i) {
      if (i != 0) out += ',';
      new_line(out, indent, level + 1);
      (*array)[i].append_to(out, indent, level + 1);
    }
    if (!array->empty()) new_line(out, indent, level);
    out += ']';
  } else if (const auto* object = std::get_if<Object>(&value_)) {
    out += '{';
    bool first = true;
    for (const auto& [name, value] : *object) {
      if (!first) out += ',';
      first = false;
      new_line(out, indent, level + 1);
      append_string(out, name);
      out += indent < 0 ? ":" : ": ";
      value.append_to(out, indent, level + 1);
    }
    if (!object->empty()) new_line(out, indent, level);
    out += '}';
  } else if (const auto* text = std::get_if<std::string>(&value_)) {
    append_string(out, *text);
  } else if (const auto* number = std::get_if<double>(&value_)) {
    append_number(out, *number);
  } else if (const auto* integer = std::get_if<std::int64_t>(&value_)) {
    out += std::to_string(*integer);
  } else if (const auto* truth = std::get_if<bool>(&value_)) {
    out += *truth ? "true" : "false";
  } else {
    out += "null";
  }
}

}  // namespace conformance
