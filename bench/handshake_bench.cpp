// handshake_bench.cpp - the opening handshake of both sides, in one piece and byte by byte, and the
// cost of a refusal. RFC 6455 §4.
#include <array>
#include <string>
#include <variant>

#include <benchmark/benchmark.h>

#include "bench_data.hpp"
#include <wirespan/core/accept_key.hpp>
#include <wirespan/core/client_handshake.hpp>
#include <wirespan/core/server_handshake.hpp>

namespace wirespan::bench {
namespace {

const HandshakeKey handshake_key = make_key(std::array<std::byte, 16>{});

/// A request with about the fields of a browser's.
ClientRequest browser_request() {
  return {.host = "server.example.com",
          .target = "/feed?channel=17",
          .origin = "https://app.example.com",
          .cookie = "session=0123456789abcdef0123456789abcdef; theme=dark",
          .subprotocols = {"chat.v2", "chat.v1"},
          .headers = {{"Pragma", "no-cache"},
                      {"Cache-Control", "no-cache"},
                      {"User-Agent", std::string(110, 'u')},
                      {"Accept-Encoding", "gzip, deflate, br"},
                      {"Accept-Language", "en-US,en;q=0.9"}}};
}

std::string request_text(bool small) {
  return build_request(small ? ClientRequest{.host = "server.example.com"} : browser_request(),
                       handshake_key);
}

void build_client_request(benchmark::State& state) {
  const ClientRequest request = browser_request();
  for (auto _ : state) {
    if (check_client_request(request)) state.SkipWithError("the request must be valid");
    benchmark::DoNotOptimize(build_request(request, handshake_key));
  }
  state.SetItemsProcessed(state.iterations());
}

/// Parses the request, checks it and builds the response.
void serve(benchmark::State& state, bool small) {
  const std::string text = request_text(small);
  for (auto _ : state) {
    ServerHandshake handshake;
    const auto step = handshake.feed(wire_bytes(text));
    const auto* received = std::get_if<RequestReceived>(&step);
    if (received == nullptr) {
      state.SkipWithError("the request must be accepted");
      break;
    }
    benchmark::DoNotOptimize(build_acceptance(received->offer, {}));
  }
  state.SetItemsProcessed(state.iterations());
  count_bytes(state, text.size());
}

/// A peer that sends `state.range(0)` bytes at a time: the cost must be linear in the bytes.
void serve_in_pieces(benchmark::State& state) {
  const std::string text = request_text(false);
  const auto piece = static_cast<std::size_t>(state.range(0));
  for (auto _ : state) {
    ServerHandshake handshake;
    ServerHandshakeStep step;
    for (std::size_t at = 0; at < text.size(); at += piece) {
      step = handshake.feed(wire_bytes(std::string_view(text).substr(at, piece)));
    }
    if (!std::holds_alternative<RequestReceived>(step)) {
      state.SkipWithError("the request must be accepted");
    }
  }
  state.SetItemsProcessed(state.iterations());
  count_bytes(state, text.size());
}

/// The most expensive bad request: a head of limits::head_size bytes that does not end.
void refuse_endless_head(benchmark::State& state) {
  std::string text = "GET / HTTP/1.1\r\n";
  while (text.size() < limits::head_size) text += "x-field: value\r\n";
  text.resize(limits::head_size);
  for (auto _ : state) {
    ServerHandshake handshake;
    const auto step = handshake.feed(wire_bytes(text));
    const auto* failed = std::get_if<Failed>(&step);
    if (failed == nullptr) {
      state.SkipWithError("the request must be refused");
      break;
    }
    benchmark::DoNotOptimize(build_rejection(rejection_for(failed->error)));
  }
  state.SetItemsProcessed(state.iterations());
  count_bytes(state, text.size());
}

/// A valid request with many subprotocols: the server checks that they are all different.
void serve_many_subprotocols(benchmark::State& state) {
  ClientRequest request{.host = "server.example.com"};
  const auto count = static_cast<std::size_t>(state.range(0));
  for (std::size_t i = 0; i < count; ++i) request.subprotocols.push_back(std::to_string(i));
  const std::string text = build_request(request, handshake_key);
  for (auto _ : state) {
    ServerHandshake handshake;
    benchmark::DoNotOptimize(handshake.feed(wire_bytes(text)));
  }
  state.SetItemsProcessed(state.iterations());
  count_bytes(state, text.size());
}

void check_server_response(benchmark::State& state) {
  const std::string request = request_text(false);
  ServerHandshake server;
  const auto received = server.feed(wire_bytes(request));
  const std::string response =
      build_acceptance(std::get_if<RequestReceived>(&received)->offer,
                       {.subprotocol = "chat.v2", .headers = {{"Server", "wirespan"}}});
  const ClientRequest asked = browser_request();
  for (auto _ : state) {
    ClientHandshake client(asked, handshake_key);
    const auto step = client.feed(wire_bytes(response));
    if (!std::holds_alternative<HandshakeDone>(step)) {
      state.SkipWithError("the response must be accepted");
    }
  }
  state.SetItemsProcessed(state.iterations());
  count_bytes(state, response.size());
}

void compute_accept_key(benchmark::State& state) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(accept_for({handshake_key.data(), handshake_key.size()}));
  }
  state.SetItemsProcessed(state.iterations());
}

BENCHMARK(build_client_request)->Name("handshake/client_request");
BENCHMARK(check_server_response)->Name("handshake/client_response");
BENCHMARK_CAPTURE(serve, , true)->Name("handshake/server/small_request");
BENCHMARK_CAPTURE(serve, , false)->Name("handshake/server/browser_request");
BENCHMARK(serve_in_pieces)->Name("handshake/server/in_pieces")->ArgName("bytes")->Arg(1)->Arg(64);
BENCHMARK(refuse_endless_head)->Name("handshake/server/refuse_endless_head");
BENCHMARK(serve_many_subprotocols)
    ->Name("handshake/server/many_subprotocols")
    ->ArgName("count")
    ->Arg(10)
    ->Arg(3000);
BENCHMARK(compute_accept_key)->Name("handshake/accept_key");

}  // namespace
}  // namespace wirespan::bench
