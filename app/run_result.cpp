// run_result.cpp - the end of a run in one line of text.
#include <string_view>

#include <wirespan/app/run_result.hpp>
#include <wirespan/core/in_quotes.hpp>

namespace wirespan {
namespace {

std::string close_text(const CloseInfo& close) {
  if (!close.code || *close.code == CloseCode::no_status_received) {
    return "closed by the server without a code";
  }
  std::string text = "closed by the server: " + std::to_string(static_cast<int>(*close.code));
  if (!close.reason.empty()) text += " " + in_quotes(close.reason);
  return text;
}

}  // namespace

std::string RunResult::text() const {
  if (why == EndReason::closed_by_peer) return close_text(close);
  const std::string_view begin = why == EndReason::stopped ? "stopped" : "failed";
  if (!error) return std::string(begin);
  return std::string(begin) + ": " + (error_text.empty() ? error.message() : error_text);
}

}  // namespace wirespan
