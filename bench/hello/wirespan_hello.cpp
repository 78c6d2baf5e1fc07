// wirespan_hello.cpp - sends a line to a wss: server and prints the answer: `wirespan_hello URL
// CA`.
#include <cstdio>

#include <wirespan/app/websocket.hpp>

int main(int, char** argv) {
  auto ws = wirespan::create_connection(argv[1], {.sslopt = {.ca_certs = argv[2]}});
  ws.send("hello");
  std::puts(ws.recv().data.c_str());
  ws.close();
}
