// conversation.cpp - the smallest driver that keeps the contract of connection.hpp.
#include "support/conversation.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>
#include <variant>

#include <gtest/gtest.h>

#include <wirespan/core/overloaded.hpp>

namespace wirespan::test {
namespace {

ConnectionOptions options_for(const ConversationOptions& options, CountingKeys& keys,
                              const CountingBlocks& blocks) {
  return {.receive = options.receive,
          .validate_sent_text = options.validate_sent_text,
          .mask_source = keys.source(),
          .blocks = &blocks.source()};
}

}  // namespace

namespace seen {
std::string text(Bytes payload) { return "text " + readable(payload); }
std::string text(std::string_view payload) { return text(wire_bytes(payload)); }
std::string binary(Bytes payload) { return "binary " + readable_hex(payload); }
std::string fragment(Opcode opcode, Bytes payload, bool fin) {
  return "fragment " + std::string(name(opcode)) + " " + readable(payload) + (fin ? " fin" : "");
}
std::string ping(Bytes payload) { return "ping " + to_hex(payload); }
std::string pong(Bytes payload) { return "pong " + to_hex(payload); }
std::string close(unsigned code, std::string_view reason) {
  return "close " + std::to_string(code) + " \"" + std::string(reason) + "\"";
}
std::string close_without_code() { return close(1005); }
std::string failed(Errc error) { return "failed: " + make_error_code(error).message(); }
}  // namespace seen

std::string describe(const Event& event) {
  return std::visit(
      Overloaded{
          [](const NeedInput&) { return std::string("need input"); },
          [](const Message& m) {
            return m.is_text() ? seen::text(m.payload) : seen::binary(m.payload);
          },
          [](const Fragment& f) { return seen::fragment(f.opcode, f.payload, f.fin); },
          [](const Ping& p) { return seen::ping(p.payload); },
          [](const Pong& p) { return seen::pong(p.payload); },
          [](const CloseReceived& c) {
            return seen::close(static_cast<unsigned>(c.code), c.reason);
          },
          [](const Failed& f) { return "failed: " + f.error.message(); },
      },
      event);
}

Conversation::Conversation(Role role, const ConversationOptions& options)
    : keys_(options.fail_keys),
      blocks_(options.fail_blocks),
      pool_(options.deflate ? std::make_shared<DeflatePool>(*options.deflate) : nullptr),
      connection_(role, options_for(options, keys_, blocks_),
                  make_deflate_codec(pool_, role, options.agreed)) {}

void Conversation::collect_events() {
  while (true) {
    const Event event = connection_.next();
    if (std::holds_alternative<NeedInput>(event)) return;
    events_.push_back(describe(event));
  }
}

void Conversation::renew() {
  static const bool wanted = std::getenv("WIRESPAN_TEST_RENEW") != nullptr;
  if (!wanted || !connection_.is_like_new()) return;
  connection_ = Connection(connection_.role(), connection_.options());
}

void Conversation::receive(Bytes piece, Reading reading) {
  renew();
  if (reading == Reading::into_window) {
    read_into_window(piece);
    return;
  }
  const ExactCopy block(piece);
  connection_.feed(block.bytes());
  collect_events();
}

void Conversation::read_into_window(Bytes piece) {
  while (!piece.empty()) {
    renew();
    const ExactCopy shared(piece);
    const MutableBytes window = connection_.receive_window(shared.bytes());
    ASSERT_FALSE(window.empty()) << "a window without room: the driver would spin";
    const std::size_t size = std::min(window.size(), piece.size());
    std::copy_n(piece.begin(), size, window.begin());
    connection_.feed(window.first(size));
    collect_events();
    piece = piece.subspan(size);
  }
}

void Conversation::receive_from_peer(Bytes unmasked_wire) {
  receive(as_received_by(connection_.role(), unmasked_wire));
}

void Conversation::end_of_stream() {
  renew();
  connection_.feed_eof();
  collect_events();
}

const ByteVector& Conversation::wire() {
  ByteBuffer& output = connection_.output();
  const Bytes data = std::as_const(output).data();
  wire_.insert(wire_.end(), data.begin(), data.end());
  output.consume(data.size());
  renew();
  return wire_;
}

std::vector<WireFrame> Conversation::sent_frames() {
  auto frames = parse_frames(wire());
  EXPECT_TRUE(frames) << "output is not whole frames: " << to_hex(wire_);
  if (!frames) return {};
  EXPECT_EQ(complaint_about(*frames, connection_.role()), "") << to_hex(wire_);
  return *std::move(frames);
}

std::vector<std::string> Conversation::sent() {
  std::vector<std::string> descriptions;
  for (const WireFrame& one : sent_frames()) descriptions.push_back(describe(one));
  return descriptions;
}

}  // namespace wirespan::test
