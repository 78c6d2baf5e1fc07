// ServerOptions::keep_request: what a connection tells of the request that it began with.
#include <string>
#include <thread>
#include <utility>

#include <gtest/gtest.h>

#include "support/app_test.hpp"
#include "support/running_server.hpp"

namespace wirespan::test {
namespace {

/// Answers each message with what the connection tells: "/chat?a=b by 127.0.0.1 for v1".
std::string told_by(const ServerConnection& connection) {
  const ServerRequest* request = connection.request();
  if (request == nullptr) return "nothing" + std::string(connection.subprotocol());
  const std::string agent(request->offer.headers.get("User-Agent").value_or("nobody"));
  return request->offer.target + " by " + request->peer.host() + " with " + agent + " for " +
         std::string(connection.subprotocol());
}

class ServerKeptRequest : public ServerTest {
 protected:
  [[nodiscard]] ServerHandlers handlers() {
    ServerHandlers handlers;
    handlers.on_open = [this](const ServerConnection& connection) {
      opened = connection;
      ends.note("opened");
      (void)connection.send_text(told_by(connection));
    };
    handlers.on_close = [this](const ServerConnection& connection, CloseCode, std::string_view) {
      ends.note(told_by(connection));
    };
    return handlers;
  }
  Recorder ends;
  ServerConnection opened;
};
WIRESPAN_OVER_LINKS_AND_BACKENDS(ServerKeptRequest);

TEST_P(ServerKeptRequest, is_told_to_handlers_from_on_open_to_on_close) {
  RunningServer server(handlers(), link(), {.subprotocols = {"v1"}, .keep_request = true});
  RawPeer client = server.dial();
  client.write(upgrade_request("User-Agent: me\r\nSec-WebSocket-Protocol: v1\r\n", "/chat?a=b"));
  (void)client.read_head();
  const std::string expected = "/chat?a=b by 127.0.0.1 with me for v1";
  EXPECT_EQ(client.read_described(), "text \"" + expected + "\"");
  ends.wait_for("opened");
  EXPECT_EQ(opened.request(), nullptr) << "this is another thread";
  EXPECT_EQ(opened.subprotocol(), "");
  client.close();
  ends.wait_for(expected);
}

TEST_P(ServerKeptRequest, is_kept_beside_user_data_and_after_an_answer_from_another_thread) {
  ServerHandlers later = handlers();
  later.on_request = [](PendingRequest request) {
    std::thread([asked = std::move(request)]() mutable { asked.accept({}, 7); }).join();
  };
  later.on_message = [](const ServerConnection& connection, const Message&) {
    (void)connection.send_text(told_by(connection) + " " +
                               std::to_string(*connection.user_data_as<int>()));
  };
  RunningServer server(later, link(), {.keep_request = true});
  RawPeer client = server.open();
  EXPECT_EQ(client.read_described(), "text \"/ by 127.0.0.1 with nobody for \"");
  client.send_text("x");
  EXPECT_EQ(client.read_described(), "text \"/ by 127.0.0.1 with nobody for  7\"");
}

/// "127.0.0.1:4000 TLSv1.3", or "nothing " and what TLS tells.
std::string socket_of(const ServerConnection& connection) {
  const auto local = connection.local_endpoint();
  const std::string tls = connection.tls_description();
  return (local ? local->to_string() : "nothing") + " " + tls.substr(0, tls.find(' '));
}

TEST_P(ServerKeptRequest, the_socket_tells_its_address_and_tls_until_the_end) {
  ServerHandlers asking = handlers();
  asking.on_message = [](const ServerConnection& connection, const Message&) {
    (void)connection.send_text(socket_of(connection));
  };
  asking.on_close = [this](const ServerConnection& connection, CloseCode, std::string_view) {
    ends.note(socket_of(connection));
  };
  RunningServer server(asking, link());
  RawPeer client = server.open();
  (void)client.read_described();
  client.send_text("x");
  const std::string address = "127.0.0.1:" + std::to_string(server.port());
  const std::string version = link().is_secure() ? "TLSv1.3" : "";
  EXPECT_EQ(client.read_described(), "text \"" + address + " " + version + "\"");
  ends.wait_for("opened");
  EXPECT_EQ(socket_of(opened), "nothing ") << "this is another thread";
  client.close();
  ends.wait_for("nothing ");
}

TEST_P(ServerKeptRequest, is_not_there_unless_it_is_asked_for) {
  RunningServer server(handlers(), link(), {.subprotocols = {"v1"}});
  RawPeer client = server.dial();
  client.write(upgrade_request("Sec-WebSocket-Protocol: v1\r\n"));
  (void)client.read_head();
  EXPECT_EQ(client.read_described(), "text \"nothing\"");
  client.close();
  ends.wait_for("nothing");
}

}  // namespace
}  // namespace wirespan::test
