// session_owner.hpp - the owner of the session under test: it has neither socket nor clock, takes
// its choices from a tape, and checks what holds after each call. RFC 6455 §5 to §7.
#pragma once

#include <limits>
#include <optional>
#include <string>

#include "reference_receiver.hpp"
#include "session_ledger.hpp"
#include "session_settings.hpp"

namespace wirespan::fuzz {

class SessionRival;

/// Driver and application in one. Each step of run() is a turn: the tape chooses a read, a call of
/// the application, the bytes that the kernel takes, or the time that passes; then the owner writes
/// and settles, as net::Channel does.
class SessionOwner {
 public:
  SessionOwner(SessionSettings& settings, const ReferenceReceiver* reference, Tape tape);

  ~SessionOwner();

  /// Lets the peer send `wire`, then closes and waits for the end.
  void run(Bytes wire);

 private:
  // The driver.
  void step();
  void read(bool is_last);
  void digest();
  void end_input(std::error_code error);
  void write();
  [[nodiscard]] bool write_once();
  void end_turn();
  void note_drained();
  void pass_time(TimePoint to);
  void tick_at_deadline();
  void finish();

  // The application.
  void on_event(const Event& event);
  void expect(ExpectedEvent::Kind kind, Bytes payload);
  /// Makes one call. True if borrowed views need not be valid after it.
  bool act(std::uint8_t choice, Bytes received);
  void send(Request request, net::SendHow how);
  void send_keyed(std::uint8_t choice, net::Admission admission);
  void publish(std::uint8_t choice);
  void control(std::uint8_t choice);
  void close(std::uint8_t choice);
  void change_reading(std::uint8_t choice);
  bool end(std::uint8_t choice);
  [[nodiscard]] OwnedBytes payload(bool replaceable = false);
  [[nodiscard]] bool drops() const noexcept {
    return settings_.options.overflow == net::Overflow::drop_oldest;
  }

  // Properties.
  void after_call();
  void check_memory() const;
  void check_held() const;

  static constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

  SessionSettings& settings_;
  const ReferenceReceiver* reference_;  // null: with compression there is none
  Tape tape_;
  TimePoint now_{std::chrono::hours(1)};
  net::WriteQueuePool queues_;
  net::Session session_;
  SessionLedger ledger_;
  std::unique_ptr<SessionRival> rival_;
  Bytes wire_;
  ExactCopy shared_;
  std::size_t expected_ = 0;  // events that were reported
  std::size_t chunk_ = 0;
  std::size_t fed_ = 0;
  std::size_t room_ = unlimited;  // bytes that the kernel takes
  std::size_t repeat_ = 0;        // bytes that the stream needs again, as TLS does
  std::size_t granted_ = 0;       // bytes that no limit was asked about
  std::size_t sequence_ = 0;
  bool write_fails_ = false;
  bool drain_owed_ = false;   // a sender was refused behind a backlog
  bool input_ended_ = false;  // the peer has half-closed
  bool ended_ = false;        // CloseReceived or Failed came
  bool was_over_ = false;
};

}  // namespace wirespan::fuzz
