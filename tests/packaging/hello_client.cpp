// hello_client.cpp - the short connection of the README; says hello to argv[1] and prints the
// answer.
#include <chrono>
#include <cstdio>

#include <wirespan/app/websocket.hpp>

int main(int, char** argv) {
  using namespace std::chrono_literals;
  auto ws = wirespan::create_connection(argv[1], {.timeout = 5s});
  ws.send("Hello, World");
  std::puts(ws.recv().data.c_str());
  ws.close();
}
