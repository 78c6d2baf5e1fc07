// reconnect_policy.cpp - the default judgement of an end, the checks of a policy, and the policy of
// the process.
#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <mutex>

#include <wirespan/app/exceptions.hpp>
#include <wirespan/app/reconnect_policy.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/tls/error.hpp>

namespace wirespan {
namespace {

// The default judgement.

bool is_worth_it(CloseCode code) noexcept {
  switch (code) {
    case CloseCode::going_away:
    case CloseCode::no_status_received:
    case CloseCode::abnormal_closure:
    case CloseCode::internal_error:
    case CloseCode::service_restart:
    case CloseCode::try_again_later:
    case CloseCode::bad_gateway:
      return true;
    default:
      return false;
  }
}

bool is_worth_it(int http_status) noexcept {
  constexpr int request_timeout = 408;
  constexpr int too_early = 425;
  constexpr int too_many_requests = 429;
  return http_status == request_timeout || http_status == too_early ||
         http_status == too_many_requests || (http_status >= 500 && http_status <= 599);
}

/// True for errors of the system that say: lost, or not to be reached now.
bool is_network_error(std::error_code error) noexcept {
  constexpr std::array known = {std::errc::connection_refused,
                                std::errc::connection_reset,
                                std::errc::connection_aborted,
                                std::errc::broken_pipe,
                                std::errc::not_connected,
                                std::errc::network_unreachable,
                                std::errc::network_down,
                                std::errc::network_reset,
                                std::errc::host_unreachable,
                                std::errc::address_not_available,
                                std::errc::resource_unavailable_try_again};
  const bool is_known =
      std::any_of(known.begin(), known.end(), [&](std::errc one) { return error == one; });
  return is_known || error == std::error_code(EHOSTDOWN, std::system_category());
}

bool is_worth_it(const ConnectionEnd& end) noexcept {
  const std::error_code error = end.error;
  if (error == Errc::not_switching_protocols) return is_worth_it(end.http_status);
  if (error == Errc::proxy_refused) return end.http_status == 0 || is_worth_it(end.http_status);
  return error == std::errc::timed_out || error == Condition::resources ||
         error == Errc::connection_lost || error == Errc::overflow_closed ||
         error == tls::TlsErrc::truncated || error == Errc::host_not_found ||
         error == Errc::handler_failed || is_network_error(error);
}

// Checks.

[[noreturn]] void refuse(const std::string& text) {
  throw WebSocketException(make_error_code(Errc::invalid_option), "ReconnectPolicy::" + text);
}

std::string in_ms(std::chrono::milliseconds time) { return std::to_string(time.count()) + " ms"; }

void check_not_negative(const char* name, std::chrono::milliseconds time) {
  if (time.count() < 0) refuse(std::string(name) + " of " + in_ms(time) + " is below 0");
}

struct ProcessPolicy {
  std::mutex mutex;  // guards `policy`
  std::optional<ReconnectPolicy> policy;
};

/// Never destroyed: threads may run longer than main().
ProcessPolicy& process_policy() {
  static auto* process = new ProcessPolicy;
  return *process;
}

}  // namespace

bool reconnects_by_default(const ConnectionEnd& end) noexcept {
  const bool has_close = end.close_code && *end.close_code != CloseCode::abnormal_closure;
  if (has_close || !end.error) return end.close_code && is_worth_it(*end.close_code);
  return is_worth_it(end);
}

void ReconnectPolicy::validate() const {
  check_not_negative("delay", delay);
  if (max_delay < delay) {
    refuse("max_delay of " + in_ms(max_delay) + " is below its delay of " + in_ms(delay));
  }
  if (!std::isfinite(multiplier) || multiplier < 1) {
    refuse("multiplier of " + std::to_string(multiplier) + " is not a number from 1 on");
  }
  if (give_up_after) check_not_negative("give_up_after", *give_up_after);
  check_not_negative("stable_after", stable_after);
}

void set_reconnect(const ReconnectOption& reconnect) {
  std::optional<ReconnectPolicy> policy = reconnect.policy();
  if (policy) policy->validate();
  if (policy && policy->delay.count() == 0) policy.reset();
  ProcessPolicy& process = process_policy();
  const std::lock_guard lock(process.mutex);
  process.policy.swap(policy);  // the old one is destroyed without the mutex
}

std::optional<ReconnectPolicy> get_reconnect() {
  ProcessPolicy& process = process_policy();
  const std::lock_guard lock(process.mutex);
  return process.policy;
}

}  // namespace wirespan
