// WebSocketServer::reload_certificates(): new certificates for new connections, while the open ones
// go on.
#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "support/running_server.hpp"
#include "support/tls_link.hpp"
#include <wirespan/app/websocket.hpp>
#include <wirespan/tls/error.hpp>

namespace wirespan::test {
namespace {

/// Two self-signed certificates: a client that trusts one of them knows which one it is shown.
CertificateFiles old_certificate() { return certificate({.name = "old", .self_signed = true}); }
CertificateFiles new_certificate() { return certificate({.name = "new", .self_signed = true}); }

/// The files that the server reads, with one certificate or the other in them.
class CertificateInPlace {
 public:
  explicit CertificateInPlace(const CertificateFiles& first) { put(first); }
  void put(const CertificateFiles& other) {
    const auto replace = std::filesystem::copy_options::overwrite_existing;
    std::filesystem::copy_file(other.certificate, files_.certificate, replace);
    std::filesystem::copy_file(other.key, files_.key, replace);
  }
  void spoil() { std::ofstream(files_.certificate) << "nothing\n"; }
  [[nodiscard]] const std::string& path() const { return files_.certificate; }
  [[nodiscard]] tls::ServerOptions options() const {
    return {.certificate_file = files_.certificate, .key_file = files_.key};
  }

 private:
  CertificateFiles files_{scratch_file("in_place.pem"), scratch_file("in_place.key")};
};

/// A server whose certificate is in these files.
class Reloading {
 public:
  explicit Reloading(const CertificateInPlace& files, int threads = 1)
      : server_({.threads = threads, .tls = files.options()}, echoing()), port_(server_.listen()) {
    thread_ = std::thread([this] { server_.run(); });
  }
  ~Reloading() {
    server_.stop();
    thread_.join();
  }
  [[nodiscard]] WebSocketServer& server() noexcept { return server_; }
  [[nodiscard]] WebSocket connect(const CertificateFiles& trusted) const {
    return create_connection("wss://127.0.0.1:" + std::to_string(port_) + "/",
                             {.timeout = 20s, .sslopt = {.ca_certs = trusted.certificate}});
  }
  [[nodiscard]] WebSocket connect_trusting_both() const {
    const std::string both =
        content_of(old_certificate().certificate) + content_of(new_certificate().certificate);
    return create_connection("wss://127.0.0.1:" + std::to_string(port_) + "/",
                             {.timeout = 20s, .sslopt = {.ca_certs_pem = both}});
  }
  [[nodiscard]] bool shows(const CertificateFiles& expected) const {
    try {
      connect(expected).close();
      return true;
    } catch (const WebSocketException&) {
      return false;
    }
  }

 private:
  WebSocketServer server_;
  std::uint16_t port_;
  std::thread thread_;
};

void expect_echo_of(WebSocket& socket, const std::string& text) {
  socket.send(text);
  EXPECT_EQ(socket.recv().data, text);
}

TEST(ServerReload, new_connections_are_shown_the_new_certificate_and_open_ones_go_on) {
  CertificateInPlace files(old_certificate());
  Reloading running(files);
  WebSocket before = running.connect(old_certificate());
  files.put(new_certificate());
  EXPECT_TRUE(running.shows(old_certificate())) << "nothing has been read yet";
  EXPECT_FALSE(running.server().reload_certificates());
  EXPECT_TRUE(running.shows(new_certificate()));
  EXPECT_FALSE(running.shows(old_certificate()));
  expect_echo_of(before, "still here");
}

TEST(ServerReload, what_cannot_be_used_changes_nothing_and_is_named) {
  CertificateInPlace files(old_certificate());
  Reloading running(files);
  files.spoil();
  std::string detail;
  EXPECT_EQ(running.server().reload_certificates(&detail), tls::TlsErrc::no_certificate_file);
  EXPECT_EQ(detail, "certificate file \"" + files.path() + "\"");
  EXPECT_TRUE(running.shows(old_certificate()));
  files.put(new_certificate());
  EXPECT_FALSE(running.server().reload_certificates(&detail));
  EXPECT_TRUE(running.shows(new_certificate()));
}

TEST(ServerReload, other_options_stay_for_the_next_time) {
  CertificateInPlace files(old_certificate());
  Reloading running(files);
  const tls::ServerOptions texts{.certificate_pem = content_of(new_certificate().certificate),
                                 .key_pem = content_of(new_certificate().key)};
  EXPECT_FALSE(running.server().reload_certificates(texts));
  EXPECT_TRUE(running.shows(new_certificate()));
  EXPECT_FALSE(running.server().reload_certificates());
  EXPECT_TRUE(running.shows(new_certificate()));
  EXPECT_EQ(running.server().reload_certificates(tls::ServerOptions{.ciphers = "ROT13"}),
            std::error_code(ENOENT, std::system_category()));
  EXPECT_FALSE(running.server().reload_certificates());
  EXPECT_TRUE(running.shows(new_certificate())) << "refused options are forgotten";
}

TEST(ServerReload, a_server_without_tls_has_nothing_to_reload) {
  WebSocketServer server({}, {});
  std::string detail;
  EXPECT_EQ(server.reload_certificates(&detail), Errc::invalid_option);
  EXPECT_EQ(detail, "ServerOptions::tls is not set");
}

/// Other threads reload while clients talk and new ones come: none of them is lost.
TEST(ServerReload, a_hundred_times_under_load_loses_no_connection) {
  constexpr int kept_count = 40;
  CertificateInPlace files(old_certificate());
  Reloading running(files, 2);
  std::vector<WebSocket> kept;
  for (int i = 0; i < kept_count; ++i) kept.push_back(running.connect(old_certificate()));
  std::atomic<bool> over{false};
  std::atomic<int> echoes{0};
  std::thread talking([&] {
    while (!over) {
      for (WebSocket& socket : kept) {
        expect_echo_of(socket, "text " + std::to_string(echoes));
        ++echoes;
      }
    }
  });
  std::thread coming([&] {
    while (!over) {
      WebSocket socket = running.connect_trusting_both();
      expect_echo_of(socket, "new here");
      socket.close();
    }
  });
  for (int i = 0; i < 100; ++i) {
    files.put(i % 2 == 0 ? new_certificate() : old_certificate());
    EXPECT_FALSE(running.server().reload_certificates());
  }
  over = true;
  talking.join();
  coming.join();
  EXPECT_TRUE(running.shows(old_certificate())) << "the last one";
  for (WebSocket& socket : kept) expect_echo_of(socket, "the end");
  EXPECT_GE(echoes, kept_count);
}

}  // namespace
}  // namespace wirespan::test
