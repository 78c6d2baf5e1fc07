// staged_channel.hpp - one channel on a Stage: its stream is a Script, its time a number.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "support/case_name.hpp"
#include "support/channel_host.hpp"
#include "support/frames.hpp"
#include "support/script_stream.hpp"
#include "support/stage.hpp"

namespace wirespan::test {

/// Owns a Stage, an event loop on it, a Script and the ChannelHost over that script.
class StagedChannel {
 public:
  using Host = ChannelHost<ScriptStream>;

  explicit StagedChannel(Role role, HostOptions options = {})
      : host(loop, ScriptStream(script), role, std::move(options)), role_(role) {}

  /// Adds bytes from the peer, written as a server sends them; one read returns all of them.
  void receive(ByteVector unmasked_wire) { script.receive(as_received_by(role_, unmasked_wire)); }
  /// Adds the bytes and runs the turn in which they are read.
  void deliver(ByteVector unmasked_wire) {
    receive(std::move(unmasked_wire));
    turn();
  }
  void turn(int times = 1) {
    for (int i = 0; i < times; ++i) loop.run_once(std::chrono::nanoseconds(0));
  }
  void run_for(std::chrono::nanoseconds time) { stage.run_for(loop, time); }

  /// Returns the frames that the channel has written; fails the test if they are not legal.
  [[nodiscard]] std::vector<std::string> sent() const {
    const auto frames = parse_frames(script.written);
    EXPECT_TRUE(frames) << "not whole frames: " << readable_hex(script.written);
    if (!frames) return {};
    EXPECT_EQ(complaint_about(*frames, role_), "");
    std::vector<std::string> list;
    for (const WireFrame& one : *frames) list.push_back(describe(one));
    return list;
  }
  [[nodiscard]] const std::vector<std::string>& events() const noexcept { return host.events; }
  /// Returns how the channel ended; fails the test if it has not.
  [[nodiscard]] net::SessionEnd end() const {
    EXPECT_TRUE(host.ended());
    return host.end.value_or(net::SessionEnd{});
  }
  [[nodiscard]] std::chrono::nanoseconds elapsed() const { return stage.time - start_; }

  Stage stage;
  net::EventLoop loop{{.receive_buffer = std::size_t{64} << 10, .network = &stage}};
  Script script{stage};
  Host host;

 private:
  Role role_;
  TimePoint start_ = stage.time;
};

// Unmasked frames, as a server sends them.
[[nodiscard]] inline ByteVector text_frame(std::string_view text) {
  return frame(0x81, wire_bytes(text));
}
[[nodiscard]] inline ByteVector close_frame(unsigned code, std::string_view reason = {}) {
  const ByteVector value{static_cast<std::byte>(code >> 8), static_cast<std::byte>(code & 255)};
  return frame(0x88, join({value, bytes_of(reason)}));
}

/// Fixture for tests that hold for both roles.
class RoleTest : public ::testing::TestWithParam<Role> {};

}  // namespace wirespan::test

/// Instantiates every test of a suite as a client and as a server.
#define WIRESPAN_TEST_AS_BOTH_ROLES(suite)                                                        \
  INSTANTIATE_TEST_SUITE_P(as, suite,                                                             \
                           ::testing::Values(::wirespan::Role::client, ::wirespan::Role::server), \
                           ::wirespan::test::role_name)
