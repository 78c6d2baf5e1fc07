// short_connection.cpp - the blocking client: connect, send, receive, close.
#include <chrono>
#include <cstdio>

#include <wirespan/app/websocket.hpp>

int main(int argc, char** argv) {
  try {
    auto ws = wirespan::create_connection(argc > 1 ? argv[1] : "ws://127.0.0.1:9001/",
                                          {.timeout = std::chrono::seconds(5)});
    std::puts("Sending 'Hello, World'...");
    ws.send("Hello, World");
    const auto answer = ws.recv();
    std::printf("Received '%s'\n", answer.data.c_str());
    ws.close();
    return 0;
  } catch (const wirespan::WebSocketException& error) {
    std::printf("error: %s\n", error.what());
    return 1;
  }
}
