// round_trip_fuzz.cpp - a client's messages come back unchanged from an echo server, for any kind,
// size and fragments, and wherever the two streams are cut. RFC 6455 §5, §6.
#include <algorithm>
#include <deque>
#include <string_view>

#include "fuzz_input.hpp"
#include <wirespan/core/connection.hpp>
#include <wirespan/core/utf8.hpp>

namespace wirespan::fuzz {
namespace {

struct Sent {
  Opcode opcode = Opcode::binary;
  OwnedBytes payload{};
};

bool next_key(void* context, MaskKey& key) noexcept {
  auto& count = *static_cast<std::uint8_t*>(context);
  key = {std::byte{++count}, std::byte{0}, std::byte{0xC3}, std::byte{0x80}};
  return true;
}

/// Both ends of a connection and the two streams between them.
class Pair {
 public:
  explicit Pair(Tape tape, std::uint8_t setting)
      : client_(Role::client, options(setting)), server_(Role::server, options(0)), tape_(tape) {}

  void send(Opcode opcode, Bytes payload) {
    const bool is_sendable = opcode == Opcode::binary || is_valid_utf8(payload);
    const std::size_t parts = tape_.next() % 4;
    Opcode part_opcode = opcode;
    Bytes rest = payload;
    for (std::size_t i = 0; i < parts; ++i) {
      const Bytes part = rest.first(std::min(tape_.cut(rest.size()), rest.size()));
      if (client_.send(part_opcode, part, false)) return give_up(is_sendable);
      rest = rest.subspan(part.size());
      part_opcode = Opcode::continuation;
      if (tape_.next() % 8 == 1) ping(part);
    }
    if (client_.send(part_opcode, rest, true)) return give_up(is_sendable);
    sent_.push_back({.opcode = opcode, .payload = owned(payload)});
  }

  /// Moves bytes both ways until nothing is on its way.
  void settle() {
    while (!client_.output().empty() || !server_.output().empty()) {
      move(client_, server_);
      move(server_, client_);
    }
    require(sent_.empty() || abandoned_, "every message comes back");
    require(pings_.empty(), "every ping is answered");
  }

  void close() {
    constexpr std::string_view reason = "that was all";
    require(!client_.close(CloseCode::going_away, reason), "an open connection can be closed");
    settle();
    require(client_.state() == State::closed && server_.state() == State::closed,
            "both sides come to the end");
    require(server_.transport_action() == TransportAction::close_after_flush,
            "the server closes TCP first");
    require(client_.transport_action() == TransportAction::await_peer_close,
            "the client waits for it");
    require(client_.memory() == 0, "nothing is kept");
  }

  [[nodiscard]] bool abandoned() const noexcept { return abandoned_; }

 private:
  ConnectionOptions options(std::uint8_t setting) {
    return {.receive = {.deliver_fragments = (setting & 1) != 0},
            .mask_source = {.next = &next_key, .context = &keys_}};
  }

  void ping(Bytes payload) {
    payload = payload.first(std::min(payload.size(), max_control_payload));
    require(!client_.ping(payload), "a ping may stand between fragments");
    pings_.push_back(owned(payload));
  }

  /// Text that is not UTF-8 is refused, so that its message cannot be finished: sending ends here.
  void give_up(bool is_sendable) {
    require(!is_sendable, "only bad text is refused");
    abandoned_ = true;
  }

  void move(Connection& from, Connection& to) {
    ByteBuffer& output = from.output();
    if (output.empty()) return;
    // A long output is cut into about 64 pieces at most; single bytes would only be slow.
    const ExactCopy shared(std::max(tape_.cut(output.size()), output.size() / 64));
    const MutableBytes window = to.receive_window(shared.get());
    const std::size_t size = std::min(window.size(), shared.get().size());
    std::copy_n(output.data().begin(), size, window.begin());
    output.consume(size);
    to.feed(window.first(size));
    while (true) {
      const Event event = to.next();
      if (std::holds_alternative<NeedInput>(event)) return;
      if (&to == &server_) {
        on_server(event);
      } else {
        on_client(event);
      }
    }
  }

  void on_server(const Event& event) {
    require(!std::holds_alternative<Failed>(event), "a client of ours breaks no rule");
    if (const auto* message = std::get_if<Message>(&event)) {
      require(!server_.send(message->opcode, message->payload), "what was received can be sent");
    }
  }

  void on_client(const Event& event) {
    require(!std::holds_alternative<Failed>(event), "a server of ours breaks no rule");
    if (const auto* message = std::get_if<Message>(&event)) {
      require(!sent_.empty(), "nothing comes back that was not sent");
      require(message->opcode == sent_.front().opcode, "it comes back as what it was");
      require(same_bytes(message->payload, sent_.front().payload), "it comes back unchanged");
      sent_.pop_front();
    } else if (const auto* pong = std::get_if<Pong>(&event)) {
      require(!pings_.empty() && same_bytes(pong->payload, pings_.front()), "a pong is an echo");
      pings_.pop_front();
    }
  }

  std::uint8_t keys_ = 0;
  Connection client_;
  Connection server_;
  Tape tape_;
  std::deque<Sent> sent_;
  std::deque<OwnedBytes> pings_;
  bool abandoned_ = false;
};

/// Repeats `seed` to a payload of `size` bytes, so that long payloads need no long input.
OwnedBytes stretched(Bytes seed, std::size_t size) {
  OwnedBytes payload(seed.empty() ? 0 : size);
  for (std::size_t i = 0; i < payload.size(); ++i) payload[i] = seed[i % seed.size()];
  return payload;
}

}  // namespace
}  // namespace wirespan::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wirespan;
  using namespace wirespan::fuzz;
  constexpr std::array<std::size_t, 8> sizes{0, 1, 125, 126, 1000, 65535, 65536, 4096};
  constexpr std::size_t enough = 70'000;
  FuzzInput input(data, size);
  const std::uint8_t setting = input.byte();
  Pair pair(input.tape(), setting);
  std::size_t total = 0;
  while (!input.rest().empty() && total < enough && !pair.abandoned()) {
    const std::uint8_t choice = input.byte();
    const Opcode opcode = (choice & 1) != 0 ? Opcode::text : Opcode::binary;
    const Bytes seed = input.take(choice >> 5);
    const bool as_it_is = (choice & 2) != 0;
    const OwnedBytes payload =
        as_it_is ? owned(input.take(choice >> 2)) : stretched(seed, sizes[(choice >> 2) & 7]);
    pair.send(opcode, payload);
    total += payload.size() + 16;
    if ((setting & 2) != 0) pair.settle();
  }
  pair.settle();
  pair.close();
  return 0;
}
