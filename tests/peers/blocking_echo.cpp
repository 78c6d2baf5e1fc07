// blocking_echo.cpp - sends messages with the blocking client and checks that they come back.
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>

#include <wirespan/app/websocket.hpp>

namespace {

constexpr std::size_t message_count = 10;
constexpr std::size_t growth = 7500;  // bytes; the longest message needs the length of 64 bits

void exchange(const std::string& url, const std::string& authorities) {
  wirespan::ConnectOptions options{.timeout = std::chrono::seconds(10)};
  options.sslopt.ca_certs = authorities;
  options.proxy_sslopt.ca_certs = authorities;
  auto ws = wirespan::create_connection(url, options);
  for (std::size_t number = 0; number < message_count; ++number) {
    const std::string sent(number * growth, static_cast<char>('a' + number % 26));
    ws.send(sent);
    if (ws.recv().data != sent) throw std::runtime_error("message " + std::to_string(number));
  }
  ws.close();
}

}  // namespace

/// Takes a URL and, if there is one, a file of trusted certificates for server and proxy. The
/// environment names the proxy.
int main(int argc, char** argv) {
  if (argc < 2) return 2;
  try {
    exchange(argv[1], argc > 2 ? argv[2] : "");
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "blocking_echo: %s\n", error.what());
    return 1;
  }
}
