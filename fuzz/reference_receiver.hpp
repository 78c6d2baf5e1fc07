// reference_receiver.hpp - the reference implementation of receiving: the whole input at once,
// everything copied. Connection must report the same events. RFC 6455 §5.
#pragma once

#include <cstdint>
#include <system_error>

#include "fuzz_input.hpp"
#include <wirespan/core/close_code.hpp>
#include <wirespan/core/message_assembler.hpp>
#include <wirespan/core/utf8.hpp>

namespace wirespan::fuzz {

/// An event that Connection must report.
struct ExpectedEvent {
  enum class Kind : std::uint8_t { message, fragment, ping, pong, close, failed };
  Kind kind = Kind::failed;
  Opcode opcode = Opcode::continuation;  ///< Of a message or fragment.
  bool fin = true;                       ///< Of a fragment.
  OwnedBytes payload{};                  ///< Of a Close: the reason.
  CloseCode code = CloseCode::no_status_received;
  std::error_code error{};
};

/// Computes all events of an input, up to its end or to the Close or failure that ends the
/// connection.
class ReferenceReceiver {
 public:
  ReferenceReceiver(Role role, const ReceiveOptions& options) : role_(role), options_(options) {}

  /// Receives the whole input; to be called once.
  void run(Bytes wire);

  [[nodiscard]] const std::vector<ExpectedEvent>& events() const noexcept { return events_; }
  /// True if the input ended, or a Close ended the connection, with no frame or message under way:
  /// then Connection must hold no memory.
  [[nodiscard]] bool idle() const noexcept { return idle_; }

 private:
  struct Head {
    unsigned first = 0;
    unsigned second = 0;
    std::uint64_t length = 0;
    std::array<std::byte, 4> key{};
    std::size_t size = 0;

    [[nodiscard]] bool fin() const noexcept { return (first & 0x80) != 0; }
    [[nodiscard]] unsigned opcode() const noexcept { return first & 0x0F; }
    [[nodiscard]] bool control() const noexcept { return (first & 0x08) != 0; }
    [[nodiscard]] bool masked() const noexcept { return (second & 0x80) != 0; }
    [[nodiscard]] unsigned short_length() const noexcept { return second & 0x7F; }
  };

  bool take_frame(Bytes& wire);
  bool judge_two_bytes(const Head& head);
  bool read_rest_of_head(Bytes wire, Head& head);
  bool judge_message(const Head& head);
  bool take_text(Bytes payload, bool ends);
  void finish_data(const Head& head, OwnedBytes payload);
  bool finish_control(const Head& head, OwnedBytes payload);
  bool finish_close(OwnedBytes payload);
  bool fail(std::error_code error);

  Role role_;
  ReceiveOptions options_;
  std::vector<ExpectedEvent> events_;
  bool idle_ = true;
  bool under_way_ = false;
  Opcode message_ = Opcode::continuation;
  std::uint64_t announced_ = 0;
  std::uint32_t frames_ = 0;
  OwnedBytes collected_;
  Utf8Validator text_;
};

}  // namespace wirespan::fuzz
