// options.hpp - the command line of the load generator.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include <sys/types.h>

namespace wirespan::bench {

struct LoadOptions {
  std::string scenario = "echo";   ///< echo, fan_out, compressed, idle or handshake.
  std::string payload = "binary";  ///< binary, ascii or cjk.
  /// Context of compressed messages: none or stream; empty: nothing is compressed.
  std::string compression;
  std::uint16_t port = 0;  ///< Of the server, on the loopback interface.
  ::pid_t server = 0;      ///< Process whose CPU time and memory are reported.
  bool raw = false;        ///< The server does not speak WebSocket.
  bool tls = false;
  bool resume = false;  ///< Of TLS: handshakes after the first ones resume a session.
  std::size_t connections = 1;
  std::size_t depth = 1;  ///< Messages that are sent, or published, at once and awaited together.
  std::size_t size = 16;  ///< Bytes of a payload.
  double rate = 0;        ///< Open loop: messages per second of all connections; 0: closed loop.
  std::chrono::duration<double> warm_up{0.2};
  std::chrono::duration<double> time{1.0};
};

}  // namespace wirespan::bench
