// idle_memory CONNECTIONS plain|tls [strict]: the bytes of user space that an idle connection costs
// the server, as malloc counts them, with the overhead of each block. Strict: fails above a
// limit for each kind.
#include <cstdio>
#include <cstring>
#include <optional>
#include <string>
#include <thread>

#include <malloc.h>

#include "processes.hpp"
#include "swarm.hpp"
#include <wirespan/app/websocket_server.hpp>
#ifdef WIRESPAN_TEST_TLS
#include "support/tls_link.hpp"
#endif

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;

/// Bytes allowed for an idle connection, as app/README.md states them.
constexpr std::size_t plain_limit = 272;
constexpr std::size_t tls_limit = 15'000;
constexpr std::size_t warm_up = 64;

std::size_t allocated() {
  const auto info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
}

std::optional<tls::ServerOptions> server_tls(bool secure) {
#ifdef WIRESPAN_TEST_TLS
  if (secure) return good_server();
#endif
  (void)secure;
  return std::nullopt;
}

void be_clients(Line& line, std::size_t count, bool secure) {
  const auto port = static_cast<std::uint16_t>(line.hear());
  std::optional<tls::Context> context;
  if (secure) context = *tls::Context::for_client({.verify = tls::Verify::none});
  Swarm swarm(port, context ? &*context : nullptr);
  for (const std::size_t more : {warm_up, count}) {
    swarm.add(more);
    if (!swarm.run_until([&] { return swarm.all_open(); }, 200s)) {
      throw std::runtime_error("only " + std::to_string(swarm.open()) + " are open");
    }
    line.tell(swarm.open());
    (void)line.hear();
  }
}

void measure(Line& line, std::size_t count, bool secure, bool strict) {
  WebSocketServer server({.tls = server_tls(secure), .idle_time = 0ms}, {});
  line.tell(server.listen());
  std::thread running([&] { server.run(); });
  (void)line.hear();
  std::this_thread::sleep_for(300ms);
  const std::size_t before = allocated();
  const std::size_t resident_before = resident_bytes();
  line.tell(0);
  (void)line.hear();
  std::this_thread::sleep_for(300ms);  // the server still writes the answers to the last clients
  const std::size_t each = (allocated() - before) / count;
  const std::size_t resident = (resident_bytes() - resident_before) / count;
  require(server.connection_count() == count + warm_up, std::to_string(count) + " are open");
  std::printf("%s: %zu bytes of user space for an idle connection, %zu resident\n",
              secure ? "tls" : "plain", each, resident);
  const std::size_t limit = secure ? tls_limit : plain_limit;
  if (strict) require(each <= limit, "at most " + std::to_string(limit) + " bytes each");
  line.tell(0);
  server.stop({.deadline = 5s});
  running.join();
}

}  // namespace
}  // namespace wirespan::test

int main(int argc, char** argv) {
  using namespace wirespan::test;
  const std::size_t count = argument(argc, argv, 1, 10'000);
  const bool secure = argc > 2 && std::strcmp(argv[2], "tls") == 0;
  need_descriptors(count + 200);
  Child clients([&](Line& line) { be_clients(line, count, secure); });
  try {
    measure(clients.line(), count, secure, argc > 3);
  } catch (const std::exception& error) {
    require(false, error.what());
    return verdict();
  }
  require(clients.join(), "the clients are content");
  return verdict();
}
