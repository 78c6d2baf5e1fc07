// page.hpp - the HTML page of a report; the build fills it with the text of report.html.
#pragma once

#include <string_view>

namespace conformance {

extern const std::string_view report_page;

}  // namespace conformance
