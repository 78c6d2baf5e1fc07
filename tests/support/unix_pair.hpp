// unix_pair.hpp - two ends of a Unix socket, one for the test and one for a script. Shows what is
// sent to hosts and ports that cannot be reached.
#pragma once

#include <thread>
#include <utility>

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "support/raw_server.hpp"

namespace wirespan::test {

/// Runs the script on a thread at the far end, over TLS if the link has it; joins it in its
/// destructor.
class UnixPair {
 public:
  explicit UnixPair(RawServer::Script script, const Link& link = {}) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) throw PeerError("no pair");
    ours_ = ends[0];
    server_ = std::thread([fd = ends[1], script = std::move(script), tls = link.for_server()] {
      RawPeer peer(fd);
      try {
        if (tls) peer.secure_as_server(*tls);
        script(peer);
      } catch (const PeerError& error) {
        ADD_FAILURE() << "script of the pair: " << error.what();
      }
      peer.finish();
    });
  }
  ~UnixPair() { server_.join(); }
  UnixPair(const UnixPair&) = delete;
  UnixPair& operator=(const UnixPair&) = delete;

  /// Returns the test's end. The pair does not own it: the test gives it to the code under test.
  [[nodiscard]] int ours() const noexcept { return ours_; }

 private:
  int ours_ = -1;
  std::thread server_;
};

}  // namespace wirespan::test
