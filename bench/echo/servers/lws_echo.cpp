// lws_echo.cpp - echo server on libwebsockets with a large receive buffer: `lws_echo PORT [none |
// stream]`. With one of these it compresses, and keeps a context if its client lets it. The library
// delivers pieces of a message; they are collected, and the message is echoed whole.
#include <cstdlib>
#include <cstring>
#include <deque>
#include <vector>

#include <libwebsockets.h>

namespace {

struct Message {
  std::vector<unsigned char> bytes = std::vector<unsigned char>(LWS_PRE);
  bool binary = false;
};

struct Session {
  Message incoming;
  std::deque<Message> outgoing;
};

void on_piece(lws* connection, Session& session, void* data, std::size_t size) {
  const auto* bytes = static_cast<const unsigned char*>(data);
  Message& message = session.incoming;
  message.bytes.insert(message.bytes.end(), bytes, bytes + size);
  if (!lws_is_final_fragment(connection) || lws_remaining_packet_payload(connection) > 0) return;
  message.binary = lws_frame_is_binary(connection) != 0;
  session.outgoing.push_back(std::move(message));
  session.incoming = Message();
  lws_callback_on_writable(connection);
}

int on_writable(lws* connection, Session& session) {
  if (session.outgoing.empty()) return 0;
  Message message = std::move(session.outgoing.front());
  session.outgoing.pop_front();
  const auto kind = message.binary ? LWS_WRITE_BINARY : LWS_WRITE_TEXT;
  const std::size_t size = message.bytes.size() - LWS_PRE;
  if (lws_write(connection, message.bytes.data() + LWS_PRE, size, kind) < 0) return -1;
  if (!session.outgoing.empty()) lws_callback_on_writable(connection);
  return 0;
}

int on_event(lws* connection, lws_callback_reasons reason, void* user, void* data,
             std::size_t size) {
  auto** session = static_cast<Session**>(user);
  switch (reason) {
    case LWS_CALLBACK_ESTABLISHED:
      *session = new Session;
      return 0;
    case LWS_CALLBACK_RECEIVE:
      on_piece(connection, **session, data, size);
      return 0;
    case LWS_CALLBACK_SERVER_WRITEABLE:
      return on_writable(connection, **session);
    case LWS_CALLBACK_CLOSED:
      delete *session;
      return 0;
    default:
      return 0;
  }
}

constexpr lws_extension extensions[] = {
    {"permessage-deflate", lws_extension_callback_pm_deflate, "permessage-deflate"},
    {nullptr, nullptr, nullptr},
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2 && argc != 3) return 2;
  lws_set_log_level(LLL_ERR, nullptr);
  lws_protocols protocols[2] = {};
  protocols[0].name = "echo";
  protocols[0].callback = on_event;
  protocols[0].per_session_data_size = sizeof(Session*);
  protocols[0].rx_buffer_size = 64 << 10;
  lws_context_creation_info info{};
  info.port = std::atoi(argv[1]);
  info.iface = "127.0.0.1";
  info.protocols = protocols;
  if (argc == 3) info.extensions = extensions;
  info.pt_serv_buf_size = 64 << 10;
  info.options = LWS_SERVER_OPTION_DISABLE_IPV6 | LWS_SERVER_OPTION_VALIDATE_UTF8;
  lws_context* context = lws_create_context(&info);
  if (context == nullptr) return 1;
  while (lws_service(context, 0) >= 0) {
  }
  lws_context_destroy(context);
}
