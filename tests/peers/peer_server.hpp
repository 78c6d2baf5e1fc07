// peer_server.hpp - servers of other implementations, each in a process of its own.
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

/// Parameter of tests: a server program, and whether it uses TLS.
struct PeerKind {
  std::string name;
  std::vector<std::string> command;
  bool tls = false;
};
void PrintTo(const PeerKind& kind, std::ostream* out);

/// Returns Python's websockets and npm's ws, plain and with TLS.
[[nodiscard]] std::vector<PeerKind> peers();
/// Returns those of peers() that use TLS.
[[nodiscard]] std::vector<PeerKind> secure_peers();
[[nodiscard]] std::string peer_name(const ::testing::TestParamInfo<PeerKind>& info);

/// Encodes every byte as %XX, for the value of a query.
[[nodiscard]] std::string percent_encoded(std::string_view text);

/// A server process that listens on a free port of 127.0.0.1 for the lifetime of this object.
/// README.md lists its resources.
class PeerServer {
 public:
  explicit PeerServer(PeerKind kind);

  /// Returns the one server of a kind in this process, and starts it on first use.
  static PeerServer& shared(const PeerKind& kind);

  [[nodiscard]] std::string authority(const std::string& host = "127.0.0.1") const;
  [[nodiscard]] std::string url(const std::string& resource,
                                const std::string& host = "127.0.0.1") const;
  /// TLS options that trust the server; the defaults for a plain one.
  [[nodiscard]] tls::ClientOptions trusted() const;
  /// Waits until the server has ended the connection whose resource had `n=number`. Returns the
  /// close code and reason that the server saw: "1000 bye", or "1006 " without a Close frame.
  [[nodiscard]] std::string ending_of(int number);

 private:
  PeerKind kind_;
  ChildProcess process_;
  std::string port_;
  std::map<std::string, std::string> endings_;  // by number of the connection
};

/// Fixture for tests that run against every server.
class AgainstPeers : public ::testing::TestWithParam<PeerKind> {
 protected:
  /// Sets an alarm that kills a hanging test after 100 s; its name is then the last in the output.
  void SetUp() override;
  void TearDown() override;

  [[nodiscard]] static PeerServer& server() { return PeerServer::shared(GetParam()); }
  /// Returns the URL of a resource, with a number by which ending() finds this connection.
  [[nodiscard]] std::string url(const std::string& resource, const std::string& host = "127.0.0.1");
  /// Returns how the connection of the latest url() ended for the server.
  [[nodiscard]] std::string ending() const { return server().ending_of(number_); }

 private:
  int number_ = 0;
};

}  // namespace wirespan::test
