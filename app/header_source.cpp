// header_source.cpp - HeaderSource: from each form that Python takes to a list of header fields.
#include <wirespan/app/header_source.hpp>
#include <wirespan/core/ascii.hpp>
#include <wirespan/core/error.hpp>

namespace wirespan {

HeaderSource::HeaderSource(const Headers& headers) {
  for (const auto& [name, value] : headers) items_.emplace_back(name, value);
}

HeaderSource::HeaderSource(const std::vector<std::string>& lines)
    : items_(lines.begin(), lines.end()) {}

HeaderSource::HeaderSource(const std::map<std::string, std::string>& map) {
  for (const auto& [name, value] : map) items_.emplace_back(name, value);
}

Expected<Headers> HeaderSource::collect(std::string* detail) const {
  if (callable_) return callable_();
  Headers headers;
  std::size_t number = 0;
  for (const HeaderItem& item : items_) {
    ++number;
    if (!item.is_line_) {
      if (item.value_) headers.add(item.name_or_line_, *item.value_);
      continue;
    }
    const std::string_view line = item.name_or_line_;
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) {
      if (detail != nullptr) *detail = "header line " + std::to_string(number) + " has no colon";
      return std::error_code(Errc::invalid_header);
    }
    headers.add(std::string(line.substr(0, colon)), std::string(trim(line.substr(colon + 1))));
  }
  return headers;
}

}  // namespace wirespan
