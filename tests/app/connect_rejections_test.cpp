// Connecting: answers with another status than 101, their headers and bodies. RFC 6455 §4.1,
// RFC 9112 §6.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/blocking.hpp"
#include "support/left_behind.hpp"

namespace wirespan::test {
namespace {

class ConnectRejections : public OverLinks {
 protected:
  /// Connects and returns the exception; fails the test if another one is thrown.
  [[nodiscard]] WebSocketBadStatusException rejection_by(const RawServer& server,
                                                         ConnectOptions options = {}) const {
    try {
      (void)connect(server, std::move(options));
    } catch (const WebSocketBadStatusException& rejection) {
      EXPECT_EQ(rejection.code(), Errc::not_switching_protocols);
      return rejection;
    } catch (const std::exception& other) {
      ADD_FAILURE() << type_name(other) << " " << other.what();
    }
    return WebSocketBadStatusException({}, "none", 0, {}, {});
  }
  [[nodiscard]] WebSocketBadStatusException rejection_for(std::string answer) const {
    const RawServer server(answering(std::move(answer)), GetParam());
    return rejection_by(server, {.redirect_limit = 0});
  }
};
INSTANTIATE_TEST_SUITE_P(Over, ConnectRejections, ::testing::ValuesIn(links()), link_name);

TEST_P(ConnectRejections, KEEP_R23_every_status_is_told_with_its_headers_and_body) {
  for (const int status : {200, 202, 206, 300, 301, 302, 307, 400, 401, 403, 404, 407, 426, 429,
                           500, 501, 502, 503, 599}) {
    const int before = count_descriptors();
    const auto rejection = rejection_for("HTTP/1.1 " + std::to_string(status) +
                                         " Some Reason\r\nContent-Length: 4\r\nX-Why: because\r\n"
                                         "Location: ws://127.0.0.1:1/\r\n\r\nbody");
    EXPECT_EQ(rejection.status_code(), status);
    EXPECT_EQ(rejection.resp_headers().get("x-why"), "because");
    EXPECT_EQ(rejection.resp_body(), "body");
    EXPECT_NE(std::string(rejection.what()).find(std::to_string(status) + " Some Reason"),
              std::string::npos)
        << rejection.what();
    EXPECT_TRUE(eventually([&] { return count_descriptors() <= before; }));
  }
}

TEST_P(ConnectRejections, FIX_R23_a_body_without_a_length_lasts_until_the_server_closes) {
  EXPECT_EQ(rejection_for("HTTP/1.1 404 Not Found\r\n\r\nsome words").resp_body(), "some words");
  EXPECT_EQ(rejection_for("HTTP/1.0 503 Busy\r\n\r\n").resp_body(), "");
}

TEST_P(ConnectRejections, a_status_that_has_no_body_is_not_waited_for) {
  for (const char* status : {"204 No Content", "304 Not Modified"}) {
    RawServer server(
        [status](RawPeer& peer) {
          (void)peer.read_head();
          (void)peer.write("HTTP/1.1 " + std::string(status) + "\r\n\r\n");
          (void)peer.read_to_end();
        },
        GetParam());
    const Stopwatch watch;
    EXPECT_EQ(rejection_by(server).resp_body(), "");
    EXPECT_LT(watch.elapsed(), 3s);
  }
}

TEST_P(ConnectRejections, what_is_behind_the_body_is_not_part_of_it) {
  EXPECT_EQ(rejection_for("HTTP/1.1 400 Bad\r\nContent-Length: 3\r\n\r\nbadHTTP/1.1 101 x\r\n\r\n")
                .resp_body(),
            "bad");
}

TEST_P(ConnectRejections, FIX_a_body_that_is_too_short_is_still_a_bad_status) {
  const auto rejection = rejection_for("HTTP/1.1 500 Oops\r\nContent-Length: 100\r\n\r\nhalf");
  EXPECT_EQ(rejection.status_code(), 500);
  EXPECT_EQ(rejection.resp_body(), "half");
}

TEST_P(ConnectRejections, D11_a_chunked_body_that_does_not_come_is_not_waited_for) {
  RawServer server(
      [](RawPeer& peer) {
        (void)peer.read_head();
        (void)peer.write("HTTP/1.1 503 Busy\r\nTransfer-Encoding: chunked\r\n\r\n");
        (void)peer.read_to_end();
      },
      GetParam());
  const Stopwatch watch;
  EXPECT_EQ(rejection_by(server).status_code(), 503);
  EXPECT_LT(watch.elapsed(), 3s);
}

TEST_P(ConnectRejections, D11_a_length_that_is_none_or_beyond_all_bounds_does_no_harm) {
  for (const char* length : {"abc", "-1", "", "99999999999999999999999", "4, 4"}) {
    const auto rejection = rejection_for(
        "HTTP/1.1 400 Bad\r\nContent-Length: " + std::string(length) + "\r\n\r\nbody");
    EXPECT_EQ(rejection.status_code(), 400) << length;
    EXPECT_TRUE(std::string("body").starts_with(rejection.resp_body())) << length;
  }
}

TEST_P(ConnectRejections, FIX_D22_an_endless_body_is_read_up_to_64_KiB) {
  for (const bool announced : {false, true}) {
    RawServer server(
        [announced](RawPeer& peer) {
          (void)peer.read_head();
          (void)peer.write("HTTP/1.1 200 OK\r\n" +
                           std::string(announced ? "Content-Length: 99999999\r\n" : "") + "\r\n");
          const std::string piece(10'000, 'b');
          while (peer.write(piece)) {
          }
        },
        GetParam());
    EXPECT_EQ(rejection_by(server).resp_body(), std::string(64 << 10, 'b'));
  }
}

TEST_P(ConnectRejections, R30_a_body_that_does_not_end_ends_at_the_deadline) {
  RawServer server(
      [](RawPeer& peer) {
        (void)peer.read_head();
        (void)peer.write("HTTP/1.1 418 Teapot\r\n\r\nso far");
        (void)peer.read_to_end();
      },
      GetParam());
  const Stopwatch watch;
  const auto rejection = rejection_by(server, {.connect_timeout = 300ms});
  EXPECT_GE(watch.elapsed(), 299ms);
  EXPECT_LT(watch.elapsed(), 3s);
  EXPECT_EQ(rejection.status_code(), 418) << "what was said before the deadline counts";
  EXPECT_EQ(rejection.resp_body(), "so far");
}

TEST_P(ConnectRejections, R32_an_informational_answer_may_come_before) {
  EXPECT_EQ(rejection_for("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 401 Who\r\nContent-Length: 0\r\n"
                          "WWW-Authenticate: Basic\r\n\r\n")
                .resp_headers()
                .get("WWW-Authenticate"),
            "Basic");
}

TEST_P(ConnectRejections, R132_a_reset_inside_the_body_does_not_hide_the_status) {
  RawServer server(
      [](RawPeer& peer) {
        (void)peer.read_head();
        (void)peer.write("HTTP/1.1 403 No\r\nContent-Length: 50\r\n\r\n");
        std::this_thread::sleep_for(50ms);
        peer.reset();
      },
      GetParam());
  EXPECT_EQ(rejection_by(server).status_code(), 403);
}

}  // namespace
}  // namespace wirespan::test
