// result.cpp - the log of a connection, and the names of verdicts.
#include "engine/result.hpp"

#include <array>
#include <ctime>

namespace conformance {
namespace {

constexpr std::size_t first_entries = 60;
constexpr std::size_t last_entries = 20;

}  // namespace

void Log::add(LogEntry entry) {
  if (silent_ && !entry.note) {
    ++left_out_;
    return;
  }
  if (entries_.size() == first_entries + last_entries) {
    entries_.erase(entries_.begin() + first_entries);
    ++left_out_;
  }
  entries_.push_back(std::move(entry));
}

std::string name_of(Behavior behavior) {
  switch (behavior) {
    case Behavior::ok:
      return "OK";
    case Behavior::non_strict:
      return "NON-STRICT";
    case Behavior::informational:
      return "INFORMATIONAL";
    case Behavior::unimplemented:
      return "UNIMPLEMENTED";
    case Behavior::failed:
      break;
  }
  return "FAILED";
}

std::string name_of(CloseBehavior behavior) {
  switch (behavior) {
    case CloseBehavior::ok:
      return "OK";
    case CloseBehavior::wrong_code:
      return "WRONG CODE";
    case CloseBehavior::unclean:
      return "UNCLEAN";
    case CloseBehavior::failed_by_client:
      return "FAILED BY CLIENT";
    case CloseBehavior::informational:
      return "INFORMATIONAL";
    case CloseBehavior::failed:
      break;
  }
  return "FAILED";
}

bool passes(Behavior behavior) noexcept {
  return behavior != Behavior::failed && behavior != Behavior::unimplemented;
}

bool passes(CloseBehavior behavior) noexcept {
  return behavior == CloseBehavior::ok || behavior == CloseBehavior::informational;
}

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  const auto size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return {text.data(), size};
}

}  // namespace conformance
