// consumer.cpp - an embedding project: includes headers by their installed names, links one target.
#include <cstdio>
#include <string>

#include <wirespan/app/cookie_jar.hpp>
#include <wirespan/app/websocket.hpp>
#include <wirespan/app/websocket_app.hpp>
#include <wirespan/app/websocket_server.hpp>
#include <wirespan/core/frame.hpp>
#include <wirespan/net/event_loop.hpp>
#include <wirespan/tls/context.hpp>

int main() {
  wirespan::CookieJar jar;  // asks libpsl, if the library was built with it
  jar.add("a=b; Domain=example.com");
  if (jar.get("www.example.com") != "a=b") return 1;
  wirespan::WebSocketServer server({}, {});
  const auto port = server.listen();
  try {
    (void)wirespan::create_connection("ws://127.0.0.1:" + std::to_string(port) + "/",
                                      {.connect_timeout = std::chrono::milliseconds(50)});
  } catch (const wirespan::WebSocketTimeoutException&) {  // no server listens
    std::puts("consumer: linked and ran");
    return 0;
  }
  return 1;
}
