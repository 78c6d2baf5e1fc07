// raw_client.cpp - the lower bound of a client, against raw_echo: a blocking socket, a batch made
// once and sent with one call. `raw_client PORT SIZE DEPTH SECONDS [busy]`.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client_run.hpp"

namespace {

/// As many bytes as a masked frame has; the raw server does not parse them.
std::string frame_of(const std::string& payload) {
  const std::size_t size = payload.size();
  const std::size_t header = size < 126 ? 6 : size < 65536 ? 8 : 14;
  return std::string(header, 'h') + payload;
}

int connect_to(std::uint16_t port) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    std::perror("connect");
    std::exit(1);
  }
  const int on = 1;
  (void)::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return descriptor;
}

/// Compares all received bytes, as the other clients do, so that the comparison costs all alike.
void check(const std::string& batch, std::size_t at, const char* data, std::size_t size) {
  if (std::memcmp(batch.data() + at, data, size) == 0) return;
  std::fprintf(stderr, "what came back is not what was sent\n");
  std::exit(1);
}

/// Sends a batch and receives its echo at the same time: a server that echoes at once fills the
/// socket buffers of both directions.
void exchange(int descriptor, const std::string& batch, std::vector<char>& room, bool busy) {
  std::size_t unsent = batch.size();
  for (std::size_t awaited = batch.size(); awaited > 0;) {
    if (unsent > 0) {
      const char* rest = batch.data() + batch.size() - unsent;
      const ::ssize_t sent = ::send(descriptor, rest, unsent, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent > 0) unsent -= static_cast<std::size_t>(sent);
    }
    const int flags = busy || unsent > 0 ? MSG_DONTWAIT : 0;
    const ::ssize_t received = ::recv(descriptor, room.data(), room.size(), flags);
    if (received == 0) std::exit(1);
    if (received < 0) continue;
    check(batch, batch.size() - awaited, room.data(), static_cast<std::size_t>(received));
    awaited -= static_cast<std::size_t>(received);
  }
}

}  // namespace

int main(int argc, char** argv) {
  wirespan::bench::ClientRun run(argc, argv);
  const std::string frame = frame_of(run.payload());
  std::string batch;
  for (std::size_t i = 0; i < run.depth(); ++i) batch += frame;
  std::vector<char> room(512 << 10);
  const int descriptor = connect_to(run.port());
  do {
    run.begin_batch();
    exchange(descriptor, batch, room, run.busy());
  } while (run.end_batch());
  ::close(descriptor);
}
