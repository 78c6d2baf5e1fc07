// lws_client.cpp - benchmark client with libwebsockets, which delivers pieces of a message and
// sends one message each time the connection is writable: `lws_client PORT SIZE DEPTH SECONDS`.
#include <cstring>
#include <string>
#include <vector>

#include <libwebsockets.h>

#include "client_run.hpp"

namespace {

struct Client {
  explicit Client(wirespan::bench::ClientRun& of) : run(of) {}

  void start_batch(lws* connection) {
    run.begin_batch();
    awaited = unsent = run.depth();
    lws_callback_on_writable(connection);
  }
  int on_writable(lws* connection) {
    if (unsent == 0) return 0;
    const std::string& payload = run.payload();
    room.resize(LWS_PRE + payload.size());
    std::memcpy(room.data() + LWS_PRE, payload.data(), payload.size());  // masked in place
    if (lws_write(connection, room.data() + LWS_PRE, payload.size(), LWS_WRITE_BINARY) < 0) {
      return -1;
    }
    if (--unsent > 0) lws_callback_on_writable(connection);
    return 0;
  }
  int on_piece(lws* connection, const void* data, std::size_t size) {
    const auto* bytes = static_cast<const char*>(data);
    received.insert(received.end(), bytes, bytes + size);
    if (!lws_is_final_fragment(connection) || lws_remaining_packet_payload(connection) > 0)
      return 0;
    run.check(received.data(), received.size());
    received.clear();
    if (--awaited > 0) return 0;
    if (run.end_batch()) {
      start_batch(connection);
      return 0;
    }
    over = true;
    return -1;
  }

  wirespan::bench::ClientRun& run;
  std::size_t awaited = 0;
  std::size_t unsent = 0;
  std::vector<unsigned char> room;
  std::vector<char> received;
  bool over = false;
};

int on_event(lws* connection, lws_callback_reasons reason, void*, void* data, std::size_t size) {
  auto* client = static_cast<Client*>(lws_context_user(lws_get_context(connection)));
  switch (reason) {
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
      client->start_batch(connection);
      return 0;
    case LWS_CALLBACK_CLIENT_WRITEABLE:
      return client->on_writable(connection);
    case LWS_CALLBACK_CLIENT_RECEIVE:
      return client->on_piece(connection, data, size);
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
    case LWS_CALLBACK_CLIENT_CLOSED:
      client->over = true;
      return 0;
    default:
      return 0;
  }
}

}  // namespace

int main(int argc, char** argv) {
  wirespan::bench::ClientRun run(argc, argv);
  Client client(run);
  lws_set_log_level(LLL_ERR, nullptr);
  lws_protocols protocols[2] = {};
  protocols[0].name = "";
  protocols[0].callback = on_event;
  protocols[0].rx_buffer_size = 64 << 10;
  lws_context_creation_info info{};
  info.port = CONTEXT_PORT_NO_LISTEN;
  info.protocols = protocols;
  info.pt_serv_buf_size = 64 << 10;
  info.user = &client;
  lws_context* context = lws_create_context(&info);
  lws_client_connect_info target{};
  target.context = context;
  target.address = target.host = target.origin = "127.0.0.1";
  target.port = run.port();
  target.path = "/";
  if (lws_client_connect_via_info(&target) == nullptr) return 1;
  while (!client.over && lws_service(context, 0) >= 0) {
  }
  lws_context_destroy(context);
}
