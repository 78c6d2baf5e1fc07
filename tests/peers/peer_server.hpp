// peer_server.hpp - other implementations as servers, each in a process of its own.
#pragma once

#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "peers/child_process.hpp"
#include <wirespan/tls/options.hpp>

namespace wirespan::test {

/// A parameter of tests: who serves, and over what.
struct PeerKind {
  std::string name;
  std::vector<std::string> command;
  bool tls = false;
};
void PrintTo(const PeerKind& kind, std::ostream* out);

/// Python's websockets and npm's ws, plain and with TLS.
[[nodiscard]] std::vector<PeerKind> peers();
/// Those with TLS.
[[nodiscard]] std::vector<PeerKind> secure_peers();
[[nodiscard]] std::string peer_name(const ::testing::TestParamInfo<PeerKind>& info);

/// For the value of a query: every byte as %XX.
[[nodiscard]] std::string percent_encoded(std::string_view text);

/// Listens on a free port of 127.0.0.1 as long as it lives. README.md lists its resources.
class PeerServer {
 public:
  explicit PeerServer(PeerKind kind);

  /// One server of each kind for the whole process, started when it is needed first.
  static PeerServer& shared(const PeerKind& kind);

  [[nodiscard]] std::string authority(const std::string& host = "127.0.0.1") const;
  [[nodiscard]] std::string url(const std::string& resource,
                                const std::string& host = "127.0.0.1") const;
  /// TLS settings that believe it; defaults for a plain one.
  [[nodiscard]] tls::ClientOptions trusted() const;
  /// Waits until the connection whose resource had `n=number` is over for the server. Returns the
  /// code and the reason that it saw: "1000 bye", "1006 " without a Close frame.
  [[nodiscard]] std::string ending_of(int number);

 private:
  PeerKind kind_;
  ChildProcess process_;
  std::string port_;
  std::map<std::string, std::string> endings_;  // by number
};

/// Tests that run against every server.
class AgainstPeers : public ::testing::TestWithParam<PeerKind> {
 protected:
  /// A test that hangs is killed, and its name is the last one in the output.
  void SetUp() override;
  void TearDown() override;

  [[nodiscard]] static PeerServer& server() { return PeerServer::shared(GetParam()); }
  /// Marks the resource, so that ending() can tell this connection from others.
  [[nodiscard]] std::string url(const std::string& resource, const std::string& host = "127.0.0.1");
  /// How the connection of the latest url() ended for the server.
  [[nodiscard]] std::string ending() const { return server().ending_of(number_); }

 private:
  int number_ = 0;
};

}  // namespace wirespan::test
