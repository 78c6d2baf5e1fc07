// Groups 9 and 10: large messages, many fragments, many messages; fragments of a message. RFC 6455
// §5.4, §10.4.
#include <array>

#include "cases/build.hpp"

namespace conformance {
namespace {

constexpr std::size_t mebi = std::size_t{1} << 20;
constexpr std::size_t messages = 1000;
const Octets text_pattern = "BAsd7&jh23";
const Octets binary_pattern = from_hex("00fe23faf0");

void add_timed(Cases& out, std::string id, std::string description, std::function<Plan()> plan) {
  add(out, std::move(id), std::move(description), expectation::echo, std::move(plan));
  out.back().timed = true;
}

Plan echo_message(Octets payload, bool binary, std::size_t fragment, milliseconds limit) {
  Script script{SendMessage{.payload = payload, .binary = binary, .fragment = fragment}};
  return echo(std::move(script), {{Event::Kind::message, std::move(payload), binary}}, limit);
}

Octets pattern(bool binary, std::size_t size) {
  return repeated(binary ? binary_pattern : text_pattern, size);
}

std::string name(bool binary) { return binary ? "binary" : "text"; }

void add_sizes(Cases& out, bool binary) {
  constexpr std::array<std::size_t, 6> sizes{65536, 262144, mebi, 4 * mebi, 8 * mebi, 16 * mebi};
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const bool quick = binary ? i < 4 : i < 2;
    const auto size = sizes.at(i);
    add_timed(out, (binary ? "9.2." : "9.1.") + std::to_string(i + 1),
              "A " + name(binary) + " message of " + std::to_string(size) + " octets in one frame.",
              [=] { return echo_message(pattern(binary, size), binary, 0, quick ? 10s : 100s); });
  }
}

void add_fragments(Cases& out, bool binary) {
  constexpr std::array<std::size_t, 9> sizes{64,    256,    1024, 4096,    16384,
                                             65536, 262144, mebi, 4 * mebi};
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const char octet = binary && i == 0 ? '\xfe' : '*';
    const auto fragment = sizes.at(i);
    add_timed(out, (binary ? "9.4." : "9.3.") + std::to_string(i + 1),
              "4 MiB of " + name(binary) + " in frames of " + std::to_string(fragment) + " octets.",
              [=] { return echo_message(Octets(4 * mebi, octet), binary, fragment, 100s); });
  }
}

void add_chopped(Cases& out, bool binary) {
  constexpr std::array<std::size_t, 6> sizes{64, 128, 256, 512, 1024, 2048};
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const auto chop = sizes.at(i);
    add_timed(out, (binary ? "9.6." : "9.5.") + std::to_string(i + 1),
              "1 MiB of " + name(binary) + " in one frame, written in pieces of " +
                  std::to_string(chop) + " octets.",
              [=] {
                Octets payload = pattern(binary, mebi);
                Script script{send(binary ? opcode::binary : opcode::text, payload)};
                return echo(chopped(std::move(script), chop),
                            {{Event::Kind::message, std::move(payload), binary}}, 1000s);
              });
  }
}

Plan round_trips(bool binary, std::size_t size, milliseconds limit) {
  Plan plan;
  const Octets payload(size, binary ? '\xfe' : '*');
  plan.script = {CloseLimit{limit}, Exchange{.count = messages,
                                             .binary = binary,
                                             .payload = [=](std::size_t) { return payload; }}};
  plan.expected = {{Behavior::ok, {exchanged(messages)}}};
  return plan;
}

void add_round_trips(Cases& out, bool binary) {
  constexpr std::array<std::size_t, 6> sizes{0, 16, 64, 256, 1024, 4096};
  constexpr std::array<milliseconds, 6> limits{60s, 60s, 60s, 120s, 240s, 480s};
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const auto size = sizes.at(i);
    const auto limit = limits.at(i);
    add_timed(
        out, (binary ? "9.8." : "9.7.") + std::to_string(i + 1),
        "1000 " + name(binary) + " messages of " + std::to_string(size) + " octets, one at a time.",
        [=] { return round_trips(binary, size, limit); });
  }
}

}  // namespace

void add_limits(Cases& out) {
  for (const bool binary : {false, true}) {
    add_sizes(out, binary);
    add_fragments(out, binary);
    add_chopped(out, binary);
    add_round_trips(out, binary);
  }
  add(out, "10.1.1", "64 KiB of text in frames of 1300 octets.", expectation::echo,
      [] { return echo_message(Octets(65536, '*'), false, 1300, 10s); });
}

}  // namespace conformance
