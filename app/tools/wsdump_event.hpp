// wsdump_event.hpp - the events of a session as JSON lines, written and read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <wirespan/core/bytes.hpp>
#include <wirespan/core/close_code.hpp>
#include <wirespan/core/opcode.hpp>

namespace wsdump {

/// Times of events: seconds since the start of the program.
using Seconds = double;

enum class Direction : std::uint8_t { sent, received };

/// One message or control frame. Borrowed: `data` belongs to the caller.
struct Event {
  Direction direction = Direction::received;
  wirespan::Opcode type = wirespan::Opcode::text;
  wirespan::Bytes data{};
  bool fin = true;
};

/// Returns the JSON object for a message, fragment, ping or pong: its payload is "data" if it is
/// text and UTF-8, else "hex".
[[nodiscard]] std::string to_json(const Event& event, Seconds time);
/// Returns the JSON object for a Close frame.
[[nodiscard]] std::string close_to_json(Direction direction, wirespan::CloseCode code,
                                        std::string_view reason, Seconds time);
/// Returns the JSON object for a connection that has opened.
[[nodiscard]] std::string open_to_json(std::string_view subprotocol, Seconds time);

/// A thing to send. For Opcode::close `payload` is the reason.
struct Step {
  wirespan::Opcode type = wirespan::Opcode::text;
  std::string payload{};
  std::optional<wirespan::CloseCode> code{};
};

/// A step of a recording, and its time after the opening of the recorded connection.
struct TimedStep {
  Seconds time = 0;
  Step step{};
};

/// Reads the steps of a recording: the lines with the direction "sent", in their order. Throws
/// InputError, which names the file and the line, for a line that is no flat JSON object or holds
/// something that cannot be sent.
[[nodiscard]] std::vector<TimedStep> read_recording(const std::string& file);

}  // namespace wsdump
