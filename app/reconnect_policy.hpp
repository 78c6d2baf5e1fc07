// reconnect_policy.hpp - when a WebSocketApp connects again by itself, and how often.
// RFC 6455 §7.2.3.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include <wirespan/core/backoff.hpp>
#include <wirespan/core/close_code.hpp>

namespace wirespan {

/// How a connection, or an attempt to make one, has ended.
struct ConnectionEnd {
  /// The failure, as the exception that on_error got has it in code(); none after a closing
  /// handshake.
  std::error_code error{};
  /// Of the peer's Close frame: 1005 for one without a code. 1006 for a connection that ended
  /// without one; std::nullopt for an attempt that failed.
  std::optional<CloseCode> close_code{};
  std::string reason{};  ///< The reason in the peer's Close frame.
  int http_status = 0;   ///< Status of a response other than 101; 0 if there was none.
  /// Failures in a row, this one included: attempts that failed, and connections that were open for
  /// less than ReconnectPolicy::stable_after. 0 after a connection that was open longer.
  std::uint32_t failed_attempts = 0;
};

/// The default judgement: true if coming back may help. True for lost connections, time-outs, names
/// that do not resolve, networks, hosts and ports that cannot be reached, a process or host that
/// has run out of something, an exception of the header callable or of get_mask_key, HTTP 408, 425,
/// 429 and 5xx, and Close 1001, 1005, 1006 and 1011 to 1014. False for everything else. The table
/// in app/README.md has all cases. Never throws.
[[nodiscard]] bool reconnects_by_default(const ConnectionEnd& end) noexcept;

/// When and how often a run connects again after its connection or an attempt has ended. The
/// defaults: a delay drawn between 0 and 1 s, then 2 s, 4 s and so on up to 60 s, without an end
/// (exponential back-off with full jitter). Times are in milliseconds. A value that is out of its
/// range is refused before anything is done, with Errc::invalid_option.
struct ReconnectPolicy {
  std::chrono::milliseconds delay{1'000};       ///< The first delay; 0: no reconnecting at all.
  std::chrono::milliseconds max_delay{60'000};  ///< The largest delay; not below `delay`.
  double multiplier = 2;  ///< From one delay to the next, 1 or above, finite; 1: always the same.
  /// full: each delay is drawn between 0 and its computed value, so that the clients of a server
  /// that went away do not all come back at once. none: it is the computed value.
  Jitter jitter = Jitter::full;
  /// Failures in a row after which the run ends; 0: no limit. A connection that was open for less
  /// than `stable_after` is a failure, too.
  std::uint32_t max_attempts = 0;
  /// No attempt begins later than this after the loss of the latest connection (before the first
  /// connection: after the beginning of the run); then the run ends. 0: there is no second attempt.
  /// Unset: never.
  std::optional<std::chrono::milliseconds> give_up_after{};
  /// A connection that was open for this long (10 s) makes the next delay the first one again.
  std::chrono::milliseconds stable_after{10'000};
  /// The judgement. Called once for each end, on the run's thread, after on_error; not after
  /// close(), and not with a given socket, which cannot be connected again. If it throws, on_error
  /// gets the exception and the run ends. Unset: reconnects_by_default().
  std::function<bool(const ConnectionEnd&)> should_reconnect{};
  /// Wait at least as long as Retry-After of a response with 429 or 503 asks for (seconds or a
  /// date), up to limits::retry_after_time (one hour).
  bool honour_retry_after = true;

  /// Throws WebSocketException with Errc::invalid_option, and the name of the field in its text, if
  /// a value is out of its range. run_forever() and set_reconnect() call it.
  void validate() const;
  /// The policy that a plain duration means: always the same delay, without jitter.
  [[nodiscard]] static ReconnectPolicy fixed(std::chrono::milliseconds delay) {
    return {.delay = delay, .max_delay = delay, .multiplier = 1, .jitter = Jitter::none};
  }
};

/// The value of RunOptions::reconnect: a policy, or a duration as its short form, or unset. A class
/// of its own because an aggregate cannot convert from a duration.
class ReconnectOption {
 public:
  ReconnectOption() = default;  ///< Unset: get_reconnect() decides.
  /// Unset, too.
  ReconnectOption(std::nullopt_t) noexcept {}  // NOLINT: implicit
  /// This policy.
  ReconnectOption(ReconnectPolicy policy)  // NOLINT: implicit
      : policy_(std::move(policy)) {}
  /// Always this delay, without jitter; 0: no reconnecting.
  template <std::convertible_to<std::chrono::milliseconds> Duration>
  ReconnectOption(Duration delay)  // NOLINT: implicit; 0: no reconnecting
      : policy_(ReconnectPolicy::fixed(delay)) {}

  /// The policy; unset if none was given.
  [[nodiscard]] const std::optional<ReconnectPolicy>& policy() const noexcept { return policy_; }

 private:
  std::optional<ReconnectPolicy> policy_;
};

/// Sets the policy of all runs that begin later and leave RunOptions::reconnect unset; 0 s or
/// std::nullopt: they do not reconnect, as without any call. Throws WebSocketException for a policy
/// that is out of range. Any thread.
void set_reconnect(const ReconnectOption& reconnect);
/// Returns that policy; std::nullopt if those runs do not reconnect. Any thread.
[[nodiscard]] std::optional<ReconnectPolicy> get_reconnect();

}  // namespace wirespan
