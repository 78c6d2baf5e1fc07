// peer_close.hpp - the peer's Close frame, kept for calls on a closed connection. RFC 6455 §7.1.5.
// Private.
#pragma once

#include <optional>
#include <string>

#include <wirespan/app/exceptions.hpp>
#include <wirespan/core/close_code.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/core/event.hpp>

namespace wirespan {

/// Remembers whether the peer has sent a Close frame, and its code and reason.
class PeerClose {
 public:
  void note(const CloseReceived& close) {
    code_ = close.code;
    reason_ = close.reason;
  }
  void forget() noexcept {
    code_.reset();
    reason_.clear();
  }
  /// Throws WebSocketConnectionClosedException: Errc::connection_closed with code and reason if the
  /// peer has sent a Close frame, else Errc::not_open.
  [[noreturn]] void throw_closed() const {
    constexpr const char* text = "the connection is closed";
    if (!code_) throw WebSocketConnectionClosedException(make_error_code(Errc::not_open), text);
    throw WebSocketConnectionClosedException(make_error_code(Errc::connection_closed), text, *code_,
                                             reason_);
  }

 private:
  std::optional<CloseCode> code_;
  std::string reason_;
};

}  // namespace wirespan
