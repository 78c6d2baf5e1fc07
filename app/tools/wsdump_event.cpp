// wsdump_event.cpp - writes events as JSON lines, and reads the sent ones of a recording.
#include "wsdump_event.hpp"

#include <cmath>
#include <cstdio>
#include <fstream>
#include <utility>

#include "wsdump_input.hpp"
#include "wsdump_json.hpp"
#include "wsdump_text.hpp"
#include <wirespan/core/frame.hpp>
#include <wirespan/core/utf8.hpp>

namespace wsdump {
namespace {

using wirespan::CloseCode;
using wirespan::Opcode;

/// The beginning of each object, without the brace at its end.
std::string json_begin(Seconds time, Direction direction, std::string_view type) {
  char number[32];
  std::snprintf(number, sizeof number, "%.6f", time);
  return std::string("{\"time\":") + number + ",\"direction\":\"" +
         (direction == Direction::sent ? "sent" : "received") + "\",\"type\":\"" +
         std::string(type) + '"';
}

template <class T>
const T* find(const json::Object& object, const char* name) {
  const auto at = object.find(name);
  return at == object.end() ? nullptr : std::get_if<T>(&at->second);
}

Opcode type_of(const std::string& name) {
  for (const Opcode type :
       {Opcode::text, Opcode::binary, Opcode::ping, Opcode::pong, Opcode::close}) {
    if (name == wirespan::name(type)) return type;
  }
  throw InputError("messages of type " + json_string(name) + " cannot be sent");
}

std::string payload_of(const json::Object& object) {
  if (const auto* text = find<std::string>(object, "data")) return *text;
  const auto* hex = find<std::string>(object, "hex");
  if (hex == nullptr) throw InputError("neither \"data\" nor \"hex\"");
  auto bytes = from_hex(*hex);
  if (!bytes) throw InputError("\"hex\" is not hexadecimal");
  return *std::move(bytes);
}

Step close_step(const json::Object& object) {
  Step step{.type = Opcode::close};
  if (const auto* reason = find<std::string>(object, "reason")) step.payload = *reason;
  const auto* number = find<double>(object, "code");
  if (number == nullptr) return step;
  const bool in_range = *number >= 1000 && *number <= 4999 && *number == std::floor(*number);
  step.code = in_range ? static_cast<CloseCode>(*number) : CloseCode::abnormal_closure;
  if (!wirespan::may_be_on_the_wire(*step.code)) throw InputError("\"code\" may not be sent");
  if (step.payload.size() > wirespan::max_control_payload - wirespan::close_code_size) {
    throw InputError("\"reason\" has more than 123 bytes");
  }
  return step;
}

Step step_of(const json::Object& object) {
  const auto* name = find<std::string>(object, "type");
  if (name == nullptr) throw InputError("no \"type\"");
  const Opcode type = type_of(*name);
  if (type == Opcode::close) return close_step(object);
  Step step{.type = type, .payload = payload_of(object)};
  if (type == Opcode::text && !wirespan::is_valid_utf8(wirespan::wire_bytes(step.payload))) {
    throw InputError("a text that is not UTF-8");
  }
  if (wirespan::is_control(type) && step.payload.size() > wirespan::max_control_payload) {
    throw InputError("a ping or pong of more than 125 bytes");
  }
  return step;
}

/// The steps of a recording, whose times count from the first line with the type "open".
class Recording {
 public:
  void take(const json::Object& object) {
    const auto* time = find<double>(object, "time");
    if (time == nullptr) throw InputError("no \"time\"");
    const auto* type = find<std::string>(object, "type");
    if (!opened_ && type != nullptr && *type == "open") opened_ = *time;
    const auto* direction = find<std::string>(object, "direction");
    if (direction == nullptr) throw InputError("no \"direction\"");
    if (*direction == "sent") steps_.push_back({*time, step_of(object)});
  }

  std::vector<TimedStep> steps() && {
    const Seconds opened = opened_.value_or(steps_.empty() ? 0 : steps_.front().time);
    for (TimedStep& step : steps_) step.time -= opened;
    return std::move(steps_);
  }

 private:
  std::optional<Seconds> opened_;
  std::vector<TimedStep> steps_;
};

}  // namespace

std::string to_json(const Event& event, Seconds time) {
  const bool may_be_text = event.type == Opcode::text || event.type == Opcode::continuation;
  const bool is_text = may_be_text && wirespan::is_valid_utf8(event.data);
  std::string line = json_begin(time, event.direction, wirespan::name(event.type));
  line += is_text ? ",\"data\":" + json_string(wirespan::wire_text(event.data))
                  : ",\"hex\":\"" + to_hex(event.data) + '"';
  return line + (event.fin ? ",\"fin\":true}" : ",\"fin\":false}");
}

std::string close_to_json(Direction direction, CloseCode code, std::string_view reason,
                          Seconds time) {
  return json_begin(time, direction, "close") +
         ",\"code\":" + std::to_string(static_cast<int>(code)) +
         ",\"reason\":" + json_string(reason) + '}';
}

std::string open_to_json(std::string_view subprotocol, Seconds time) {
  return json_begin(time, Direction::received, "open") +
         ",\"subprotocol\":" + json_string(subprotocol) + '}';
}

std::vector<TimedStep> read_recording(const std::string& file) {
  std::ifstream lines(file);
  Recording recording;
  std::string line;
  std::size_t number = 0;
  try {
    while (std::getline(lines, line)) {
      ++number;
      if (!line.empty()) recording.take(json::parse_object(line));
    }
  } catch (const std::runtime_error& error) {
    throw InputError(file + " line " + std::to_string(number) + ": " + error.what());
  }
  if (!lines.eof()) throw InputError(file + " cannot be read");
  return std::move(recording).steps();
}

}  // namespace wsdump
