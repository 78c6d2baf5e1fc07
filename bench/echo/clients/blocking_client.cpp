// blocking_client.cpp - benchmark client with wirespan's blocking WebSocket, a batch per
// send_many(): `blocking_client PORT SIZE DEPTH SECONDS [busy]`.
#include <chrono>
#include <cstdio>
#include <exception>
#include <string_view>
#include <vector>

#include "client_run.hpp"
#include <wirespan/app/websocket.hpp>

int main(int argc, char** argv) {
  wirespan::bench::ClientRun run(argc, argv);
  try {
    wirespan::WebSocket socket({.busy_poll = std::chrono::seconds(run.busy() ? 1 : 0)});
    socket.connect(run.url());
    const std::vector<std::string_view> batch(run.depth(), run.payload());
    do {
      run.begin_batch();
      socket.send_many(batch, wirespan::Opcode::binary);
      for (std::size_t i = 0; i < run.depth(); ++i) {
        const wirespan::Message message = socket.recv_view();
        run.check(message.payload.data(), message.payload.size());
      }
    } while (run.end_batch());
    socket.close();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "blocking_client: %s\n", error.what());
    return 1;
  }
}
