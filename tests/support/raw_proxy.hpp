// raw_proxy.hpp - proxies for tests: scripts that answer CONNECT or SOCKS, then relay bytes.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "support/raw_server.hpp"

namespace wirespan::test {

/// Relays bytes between two peers until either has ended its stream.
void relay(RawPeer& client, RawPeer& server);

/// Requests that a proxy has received, from all of its threads.
class ProxyLog {
 public:
  void note(std::string request);
  [[nodiscard]] std::vector<std::string> requests() const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
};

/// Returns the answer of an HTTP proxy to a request; one that begins with "HTTP/1.1 2" opens the
/// tunnel.
using ProxyAnswer = std::function<std::string(const std::string& request)>;
[[nodiscard]] inline std::string tunnel_opened(const std::string&) {
  return "HTTP/1.1 200 Connection established\r\n\r\n";
}

/// An HTTP proxy: reads a CONNECT, answers, and relays to the port that the request names, on
/// 127.0.0.1 whatever its host is.
[[nodiscard]] RawServer::Script http_proxy(ProxyLog& log, ProxyAnswer answer = tunnel_opened);
/// A SOCKS proxy of version 4 (and 4a) or 5, chosen by the first byte. It notes the request as
/// "5 name localhost 80" or "4 address 127.0.0.1 80 user", and for 5 with user and password
/// "user:password " in front. Version 5 asks for a password if `wants_password`.
[[nodiscard]] RawServer::Script socks_proxy(ProxyLog& log, bool wants_password = false);

}  // namespace wirespan::test
