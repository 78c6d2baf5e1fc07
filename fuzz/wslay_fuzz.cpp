// wslay_fuzz.cpp - the same stream of frames for Connection and for wslay, an independent
// implementation, in either role: both deliver the same events and come to the same verdict, but
// for the differences that are listed with their clauses. RFC 6455 §5 to §8.
#include <algorithm>
#include <optional>
#include <string_view>

#include "frame_mutator.hpp"
#include "fuzz_input.hpp"
#include "mask_keys.hpp"
#include "wslay_peer.hpp"
#include <wirespan/core/connection.hpp>
#include <wirespan/core/error.hpp>

namespace wirespan::fuzz {
namespace {

/// Receives the stream with Connection, in pieces.
Received receive(Role role, Bytes wire, Tape cuts) {
  MaskKeys keys;
  const ConnectionOptions options{
      .receive = {.max_message_size = longest_message, .max_fragments = UINT32_MAX},
      .mask_source = {.next = &MaskKeys::next, .context = &keys}};
  Connection connection(role, options);
  Received received;
  while (!wire.empty() && received.verdict == Verdict::open) {
    const ExactCopy piece(wire.first(cuts.cut(wire.size())));
    wire = wire.subspan(piece.get().size());
    connection.feed(piece.get());
    for (Event event = connection.next(); !std::holds_alternative<NeedInput>(event);
         event = connection.next()) {
      if (const auto* message = std::get_if<Message>(&event)) {
        received.events.push_back({message->opcode, owned(message->payload)});
      } else if (const auto* ping = std::get_if<Ping>(&event)) {
        received.events.push_back({Opcode::ping, owned(ping->payload)});
      } else if (const auto* pong = std::get_if<Pong>(&event)) {
        received.events.push_back({Opcode::pong, owned(pong->payload)});
      } else if (const auto* close = std::get_if<CloseReceived>(&event)) {
        received.verdict = Verdict::closed;
        received.code = close->code;
        received.events.push_back({Opcode::close, owned(wire_bytes(close->reason))});
      } else if (const auto* failed = std::get_if<Failed>(&event)) {
        received.verdict = Verdict::failed;
        received.error = failed->error;
        received.code = close_code_for(failed->error);
      }
    }
  }
  return received;
}

unsigned value_of(std::byte byte) { return std::to_integer<unsigned>(byte); }

/// The last frame of a stream, as far as it has come.
struct Tail {
  bool is_bare_header = false;  ///< The stream ends before the first byte of its payload.
  bool is_cut_close = false;    ///< It is a Close whose payload is not whole.
};

Tail tail_of(Bytes wire) {
  Tail tail;
  while (!wire.empty()) {
    tail = {.is_bare_header = true};
    if (wire.size() < 2) return tail;
    const unsigned form = value_of(wire[1]) & 0x7F;
    const std::size_t extended = form < 126 ? 0 : (form == 126 ? 2 : 8);
    const std::size_t head = 2 + extended + ((value_of(wire[1]) & 0x80) != 0 ? 4 : 0);
    if (wire.size() < head) return tail;
    std::uint64_t length = extended == 0 ? form : 0;
    for (std::size_t i = 2; i < 2 + extended; ++i) length = length << 8 | value_of(wire[i]);
    const Bytes rest = wire.subspan(head);
    const bool is_cut = rest.size() < length;
    tail.is_bare_header = is_cut && rest.empty();
    tail.is_cut_close = is_cut && (value_of(wire[0]) & 0x0F) == 8;
    wire = is_cut ? Bytes() : rest.subspan(static_cast<std::size_t>(length));
  }
  return tail;
}

/// Both results for one stream.
struct Comparison {
  Received ours;
  Received theirs;
  Bytes wire;

  [[nodiscard]] bool same_events() const { return ours.events == theirs.events; }
  [[nodiscard]] bool ends(Verdict we, Verdict they) const {
    return ours.verdict == we && theirs.verdict == they;
  }
  [[nodiscard]] bool failed_with(Errc error) const { return ours.error == error; }
};

/// A difference that is no defect of ours.
struct Difference {
  std::string_view clause;
  std::string_view reason;
  bool (*explains)(const Comparison&);
};

constexpr std::array differences{
    Difference{"RFC 6455 §5.2",
               "wslay judges a frame with the first byte of its payload; we judge its header",
               [](const Comparison& it) {
                 return it.same_events() && it.ends(Verdict::failed, Verdict::open) &&
                        tail_of(it.wire).is_bare_header;
               }},
    Difference{"RFC 6455 §5.2",
               "wslay judges a length before the mask key has come; we judge the whole header",
               [](const Comparison& it) {
                 return it.same_events() && it.ends(Verdict::open, Verdict::failed) &&
                        it.theirs.code == CloseCode::no_status_received &&
                        tail_of(it.wire).is_bare_header;
               }},
    Difference{"RFC 6455 §5.5.1, §8.1",
               "wslay judges the reason of a Close while it comes; we judge it as a whole",
               [](const Comparison& it) {
                 return it.same_events() && it.ends(Verdict::open, Verdict::failed) &&
                        it.theirs.code == CloseCode::invalid_payload &&
                        tail_of(it.wire).is_cut_close;
               }},
    Difference{"RFC 6455 §5.5.1",
               "wslay takes a Close with a body of one byte for one without a body",
               [](const Comparison& it) {
                 return it.ends(Verdict::failed, Verdict::closed) &&
                        it.failed_with(Errc::short_close_payload) &&
                        it.theirs.code == CloseCode::no_status_received;
               }},
    Difference{"RFC 6455 §7.4.2, §11.7",
               "wslay refuses the close codes 1012 to 1014, which were registered later",
               [](const Comparison& it) {
                 const bool is_later = it.ours.code >= CloseCode::service_restart &&
                                       it.ours.code <= CloseCode::bad_gateway;
                 return it.ends(Verdict::closed, Verdict::failed) && is_later &&
                        it.theirs.code == CloseCode::protocol_error;
               }},
    Difference{
        "RFC 6455 §5.5.1, §7.4",
        "of a Close with two defects wslay names the reason, which is not UTF-8; we the code",
        [](const Comparison& it) {
          return it.same_events() && it.ends(Verdict::failed, Verdict::failed) &&
                 it.failed_with(Errc::invalid_close_code) &&
                 it.theirs.code == CloseCode::invalid_payload;
        }},
    Difference{"RFC 6455 §7.1.7",
               "for a header that breaks §5.2 or §5.5 wslay sends a Close without a code; we 1002",
               [](const Comparison& it) {
                 return it.same_events() && it.ends(Verdict::failed, Verdict::failed) &&
                        it.ours.code == CloseCode::protocol_error &&
                        it.theirs.code == CloseCode::no_status_received;
               }},
};

/// Prints a result, for a report about a difference that is not in the table.
void print(const char* whose, const Received& received) {
  constexpr std::array verdicts{"open", "closed", "failed"};
  std::fprintf(stderr, "%s: %s, %u, %s\n", whose,
               verdicts[static_cast<std::size_t>(received.verdict)],
               static_cast<unsigned>(received.code), received.error.message().c_str());
  for (const ReceivedEvent& event : received.events) {
    std::fprintf(stderr, "  opcode %u, %zu bytes\n", static_cast<unsigned>(event.opcode),
                 event.payload.size());
  }
}

bool is_same(const Comparison& it) {
  return it.same_events() && it.ours.verdict == it.theirs.verdict &&
         (it.ours.verdict == Verdict::open || it.ours.code == it.theirs.code);
}

}  // namespace
}  // namespace wirespan::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wirespan;
  using namespace wirespan::fuzz;
  FuzzInput input(data, size);
  const Role role = (input.byte() & 1) != 0 ? Role::client : Role::server;
  const Tape cuts = input.tape();
  const Bytes wire = input.take(most_wslay_reads_at_once);
  const Comparison comparison{
      .ours = receive(role, wire, cuts), .theirs = receive_with_wslay(role, wire), .wire = wire};
  const auto explains = [&](const Difference& one) { return one.explains(comparison); };
  if (is_same(comparison) || std::any_of(differences.begin(), differences.end(), explains))
    return 0;
  print("wirespan", comparison.ours);
  print("wslay", comparison.theirs);
  require(false, "wslay receives the same, or the difference is a known one");
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t most, unsigned seed) {
  return wirespan::fuzz::mutate_frames({data, size, most}, seed, 1);
}
