// wslay_peer.cpp - the callbacks of wslay, and its verdict on a stream.
#include "wslay_peer.hpp"

#include <algorithm>
#include <utility>

#include <sys/types.h>
#include <wslay/wslay.h>

namespace wirespan::fuzz {
namespace {

/// The user data of a wslay context.
struct Peer {
  Bytes wire;
  Received received;
};

Peer& peer_of(void* user) { return *static_cast<Peer*>(user); }

ssize_t read_some(wslay_event_context_ptr context, std::uint8_t* room, std::size_t size, int,
                  void* user) {
  Bytes& wire = peer_of(user).wire;
  const Bytes here = wire.first(std::min(size, wire.size()));
  if (here.empty()) {
    wslay_event_set_error(context, WSLAY_ERR_WOULDBLOCK);
    return -1;
  }
  std::memcpy(room, here.data(), here.size());
  wire = wire.subspan(here.size());
  return static_cast<ssize_t>(here.size());
}

ssize_t write_all(wslay_event_context_ptr, const std::uint8_t*, std::size_t size, int, void*) {
  return static_cast<ssize_t>(size);
}

int make_mask(wslay_event_context_ptr, std::uint8_t* key, std::size_t size, void*) {
  std::fill_n(key, size, std::uint8_t{0x5A});
  return 0;
}

void on_message(wslay_event_context_ptr, const wslay_event_on_msg_recv_arg* message, void* user) {
  Bytes payload = std::as_bytes(std::span(message->msg, message->msg_length));
  const Opcode opcode{message->opcode};
  if (opcode == Opcode::close) payload = payload.subspan(std::min(payload.size(), close_code_size));
  peer_of(user).received.events.push_back({opcode, owned(payload)});
}

constexpr wslay_event_callbacks callbacks{.recv_callback = &read_some,
                                          .send_callback = &write_all,
                                          .genmask_callback = &make_mask,
                                          .on_frame_recv_start_callback = nullptr,
                                          .on_frame_recv_chunk_callback = nullptr,
                                          .on_frame_recv_end_callback = nullptr,
                                          .on_msg_recv_callback = &on_message};

}  // namespace

Received receive_with_wslay(Role role, Bytes wire) {
  Peer peer{.wire = wire, .received = {}};
  wslay_event_context_ptr context = nullptr;
  const auto init =
      role == Role::server ? &wslay_event_context_server_init : &wslay_event_context_client_init;
  require(init(&context, &callbacks, &peer) == 0, "wslay has memory");
  wslay_event_config_set_max_recv_msg_length(context, longest_message);

  const bool is_well = wslay_event_recv(context) == 0;
  require(wslay_event_send(context) == 0, "wslay can send its answers");
  Received& received = peer.received;
  if (wslay_event_get_close_received(context) != 0) {
    received.verdict = Verdict::closed;
    received.code = CloseCode{wslay_event_get_status_code_received(context)};
  } else if (!is_well || wslay_event_get_read_enabled(context) == 0) {
    received.verdict = Verdict::failed;
    received.code = CloseCode{wslay_event_get_status_code_sent(context)};
  }
  wslay_event_context_free(context);
  return std::move(received);
}

}  // namespace wirespan::fuzz
