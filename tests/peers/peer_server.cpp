// peer_server.cpp - starts the servers of other implementations, and reads the lines they print.
#include "peers/peer_server.hpp"

#include <stdexcept>
#include <string_view>

#include <unistd.h>

#ifdef WIRESPAN_TEST_TLS
#include "support/certificates.hpp"
#endif

namespace wirespan::test {
namespace {

using std::chrono::seconds;

constexpr seconds start_time{40};
constexpr seconds ending_time{20};
constexpr unsigned test_time = 100;  // seconds

std::vector<std::string> command_of(const PeerKind& kind) {
  std::vector<std::string> command = kind.command;
#ifdef WIRESPAN_TEST_TLS
  if (kind.tls) {
    const CertificateFiles files = certificate();
    command.insert(command.end(), {"--certificate", files.certificate, "--key", files.key});
  }
#endif
  return command;
}

/// Reads the line that starts with `prefix` and returns its rest; throws if the server prints
/// anything else.
std::string expect_line(ChildProcess& process, const std::string& name, std::string_view prefix) {
  const auto line = process.read_line(start_time);
  if (!line || !line->starts_with(prefix)) {
    throw std::runtime_error(name +
                             " did not start: tests/peers/install.sh installs what is missing");
  }
  return line->substr(prefix.size());
}

}  // namespace

void PrintTo(const PeerKind& kind, std::ostream* out) { *out << kind.name; }

std::vector<PeerKind> peers() {
  const std::string folder = WIRESPAN_PEERS_FOLDER;
  const std::vector<std::string> python{"/usr/bin/python3",
                                        folder + "/python_websockets_server.py"};
  const std::vector<std::string> node{"node", folder + "/ws_server.mjs"};
  std::vector<PeerKind> all{{.name = "websockets_ws", .command = python},
                            {.name = "npmws_ws", .command = node}};
#ifdef WIRESPAN_TEST_TLS
  all.push_back({.name = "websockets_wss", .command = python, .tls = true});
  all.push_back({.name = "npmws_wss", .command = node, .tls = true});
#endif
  return all;
}

std::vector<PeerKind> secure_peers() {
  std::vector<PeerKind> secure;
  for (const PeerKind& kind : peers()) {
    if (kind.tls) secure.push_back(kind);
  }
  return secure;
}

std::string peer_name(const ::testing::TestParamInfo<PeerKind>& info) { return info.param.name; }

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    encoded += {'%', digits[byte >> 4], digits[byte & 0xF]};
  }
  return encoded;
}

PeerServer::PeerServer(PeerKind kind)
    : kind_(std::move(kind)),
      process_(command_of(kind_)),
      port_(expect_line(process_, kind_.name, "listening on port ")) {}

PeerServer& PeerServer::shared(const PeerKind& kind) {
  static std::map<std::string, std::unique_ptr<PeerServer>> servers;
  auto& server = servers[kind.name];
  if (!server) server = std::make_unique<PeerServer>(kind);
  return *server;
}

std::string PeerServer::authority(const std::string& host) const { return host + ":" + port_; }

std::string PeerServer::url(const std::string& resource, const std::string& host) const {
  return (kind_.tls ? "wss://" : "ws://") + authority(host) + resource;
}

tls::ClientOptions PeerServer::trusted() const {
  tls::ClientOptions options;
#ifdef WIRESPAN_TEST_TLS
  if (kind_.tls) options.ca_certs = authority_file();
#endif
  return options;
}

std::string PeerServer::ending_of(int number) {
  constexpr std::string_view prefix = "closed ";
  const std::string wanted = std::to_string(number);
  while (endings_.find(wanted) == endings_.end()) {
    const auto line = process_.read_line(ending_time);
    if (!line) return "still open";
    if (!line->starts_with(prefix)) continue;
    const auto space = line->find(' ', prefix.size());
    endings_[line->substr(prefix.size(), space - prefix.size())] = line->substr(space + 1);
  }
  return endings_[wanted];
}

void AgainstPeers::SetUp() { ::alarm(test_time); }

void AgainstPeers::TearDown() { ::alarm(0); }

std::string AgainstPeers::url(const std::string& resource, const std::string& host) {
  static int last = 0;
  number_ = ++last;
  const char* separator = resource.find('?') == std::string::npos ? "?" : "&";
  return server().url(resource + separator + "n=" + std::to_string(number_), host);
}

}  // namespace wirespan::test
