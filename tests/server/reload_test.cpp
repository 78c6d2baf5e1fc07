// WebSocketServer::reload_certificates(): new certificates for new connections, while the open ones
// go on.
#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "support/reloading_server.hpp"
#include <wirespan/app/websocket.hpp>
#include <wirespan/tls/error.hpp>

namespace wirespan::test {
namespace {

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
