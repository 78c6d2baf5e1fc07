// page.hpp - the HTML page of a report; its text is report.html, put here by the build.
#pragma once

#include <string_view>

namespace conformance {

extern const std::string_view report_page;

}  // namespace conformance
