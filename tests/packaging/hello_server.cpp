// hello_server.cpp - an echo server as a newcomer writes it; prints its port and ends on input's
// end.
#include <cstdio>
#include <thread>

#include <wirespan/app/websocket_server.hpp>

int main() {
  wirespan::WebSocketServer server({.port = 0},
                                   {.on_message = [](const wirespan::ServerConnection& connection,
                                                     const wirespan::Message& message) {
                                     (void)connection.send(message.opcode, message.payload);
                                   }});
  std::printf("%d\n", server.listen());
  std::fflush(stdout);
  std::thread until_end([&server] {
    while (std::getchar() != EOF) {
    }
    server.stop();
  });
  server.run();
  until_end.join();
}
