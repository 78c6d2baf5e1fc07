// net/tcp_socket.hpp, net/stream.hpp: a Stream over plain TCP, and any stream behind one type.
#include <array>
#include <chrono>
#include <cstring>
#include <string_view>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "support/plain_posix.hpp"
#include "support/script_stream.hpp"
#include "support/sockets.hpp"
#include "support/spy_network.hpp"
#include <wirespan/net/tcp_socket.hpp>

namespace wirespan::test {
namespace {

using net::IoStatus;
using net::TcpSocket;

class TcpSocketTest : public ::testing::Test {
 protected:
  SpyNetwork network;
  SocketPair pair = tcp_pair();
  NonblockingPeer peer{std::move(pair.theirs)};

  TcpSocket socket() { return {network, pair.ours.release()}; }
  void send(std::string_view text) {
    peer.send(wire_bytes(text));
    peer.push();
  }
  /// Waits for input and reads it.
  net::IoResult read_soon(TcpSocket& from, MutableBytes into) {
    std::array entries{net::Waiting{.fd = from.fd(), .interest = net::Interest::read}};
    EXPECT_TRUE(network.wait(entries, std::chrono::seconds(10)));
    return from.read_some(into);
  }
};

TEST_F(TcpSocketTest, is_closed_once_by_its_last_owner) {
  int fd = -1;
  {
    TcpSocket first = socket();
    fd = first.fd();
    EXPECT_EQ(&first.network(), &network);
    TcpSocket second(std::move(first));
    EXPECT_EQ(first.fd(), -1);  // NOLINT: what is left after the move is the point
    EXPECT_EQ(second.fd(), fd);
    TcpSocket third(network, -1);
    third = std::move(second);
    EXPECT_EQ(third.fd(), fd);
    EXPECT_EQ(network.closes, 0);
  }
  EXPECT_EQ(network.closes, 1);
  EXPECT_FALSE(is_open_descriptor(fd));
}

TEST_F(TcpSocketTest, what_is_read_tells_when_it_came_if_that_was_asked_for) {
  if (plain_posix) GTEST_SKIP() << "no receive times";
  TcpSocket first(net::system_network(), pair.ours.release());
  std::array<std::byte, 10> room;
  send("a");
  EXPECT_EQ(read_soon(first, room).received_at, net::ReceiveTime());
  first.tell_receive_times();
  TcpSocket moved(std::move(first));
  net::IoResult read;
  // The kernel begins to stamp packets a moment after the option is set.
  for (int n = 0; n < 100 && read.received_at == net::ReceiveTime(); ++n) {
    if (n > 0) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    const net::ReceiveTime before = std::chrono::system_clock::now();
    send("b");
    read = read_soon(moved, room);
    EXPECT_EQ(read.bytes, 1U);
    if (read.received_at == net::ReceiveTime()) continue;
    EXPECT_GE(read.received_at, before);
    EXPECT_LE(read.received_at, net::ReceiveTime(std::chrono::system_clock::now()));
  }
  EXPECT_NE(read.received_at, net::ReceiveTime());
}

/// Sends a byte together with a descriptor (SCM_RIGHTS).
void send_with_descriptor(int to, int passed) {
  char byte = 'x';
  iovec data{.iov_base = &byte, .iov_len = 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof passed)> control{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* note = CMSG_FIRSTHDR(&message);
  note->cmsg_level = SOL_SOCKET;
  note->cmsg_type = SCM_RIGHTS;
  note->cmsg_len = CMSG_LEN(sizeof passed);
  std::memcpy(CMSG_DATA(note), &passed, sizeof passed);
  ASSERT_EQ(::sendmsg(to, &message, 0), 1);
}

TEST_F(TcpSocketTest, a_local_socket_tells_no_times_and_takes_no_descriptors) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  TcpSocket ours(net::system_network(), ends[0]);
  const net::UniqueFd theirs(ends[1]);
  ours.tell_receive_times();
  int pipe_ends[2];
  ASSERT_EQ(::pipe2(pipe_ends, O_CLOEXEC | O_NONBLOCK), 0);
  const net::UniqueFd out(pipe_ends[0]);
  {
    const net::UniqueFd in(pipe_ends[1]);
    send_with_descriptor(theirs.get(), in.get());
  }
  std::array<std::byte, 10> room;
  const net::IoResult read = ours.read_some(room);
  EXPECT_EQ(read.bytes, 1U);
  EXPECT_EQ(read.received_at, net::ReceiveTime());
  EXPECT_EQ(::read(out.get(), room.data(), room.size()), 0) << "nobody has the other end";
}

TEST_F(TcpSocketTest, what_is_released_is_somebody_elses) {
  int fd = -1;
  {
    TcpSocket one = socket();
    fd = one.release();
    EXPECT_EQ(one.fd(), -1);
  }
  EXPECT_EQ(network.closes, 0);
  EXPECT_TRUE(is_open_descriptor(fd));
  const net::UniqueFd closer(fd);
}

TEST_F(TcpSocketTest, needs_no_handshake_and_hides_no_input) {
  TcpSocket one = socket();
  EXPECT_TRUE(one.handshake().is_ok());
  EXPECT_FALSE(one.has_buffered_input());
  peer.send(wire_bytes("x"));
  EXPECT_FALSE(one.has_buffered_input());
}

TEST_F(TcpSocketTest, reads_and_writes_through_its_network) {
  TcpSocket one = socket();
  std::array<std::byte, 64> buffer;
  EXPECT_EQ(one.read_some(buffer).status, IoStatus::want_read);
  peer.send(wire_bytes("hello"));
  EXPECT_EQ(read_soon(one, buffer).bytes, 5U);
  EXPECT_EQ(one.write_some(wire_bytes("answer")).bytes, 6U);
  EXPECT_EQ(network.reads, 2);
  EXPECT_EQ(network.writes, 1);
  peer.pump();
  EXPECT_EQ(wire_text(peer.received()), "answer");
}

TEST_F(TcpSocketTest, pieces_leave_in_one_call) {
  TcpSocket one = socket();
  const auto write = [&](Bytes head, Bytes payload) {
    return one.write_pieces(std::array{head, payload}).bytes;
  };
  EXPECT_EQ(write(wire_bytes("head "), wire_bytes("payload")), 12U);
  EXPECT_EQ(write(wire_bytes("!"), {}), 1U);
  EXPECT_EQ(write({}, wire_bytes("?")), 1U);
  EXPECT_EQ(network.writes, 3);
  peer.pump();
  EXPECT_EQ(wire_text(peer.received()), "head payload!?");
}

TEST_F(TcpSocketTest, shutdown_ends_one_direction) {
  TcpSocket one = socket();
  EXPECT_TRUE(one.shutdown().is_ok());
  EXPECT_TRUE(one.shutdown().is_ok()) << "twice does no harm";
  peer.send(wire_bytes("still here"));
  std::array<std::byte, 64> buffer;
  EXPECT_EQ(read_soon(one, buffer).bytes, 10U);
  peer.pump();
  EXPECT_TRUE(peer.ended());
}

TEST(StreamTransport, passes_everything_on) {
  Stage stage;
  Script script(stage);
  script.receive(bytes_of("input"));
  {
    const auto transport = net::make_transport(ScriptStream(script));
    EXPECT_EQ(transport->fd(), script.fd());
    std::array<std::byte, 64> buffer;
    EXPECT_FALSE(transport->has_buffered_input());
    script.hides_input = true;
    EXPECT_TRUE(transport->has_buffered_input());
    EXPECT_EQ(transport->read_some(buffer).bytes, 5U);
    EXPECT_EQ(transport->read_some(buffer).status, IoStatus::want_read);
    EXPECT_FALSE(transport->has_buffered_input());
    EXPECT_EQ(transport->write_some(wire_bytes("output")).bytes, 6U);
    script.room = 0;
    EXPECT_EQ(transport->write_some(wire_bytes("more")).status, IoStatus::want_write);
    EXPECT_TRUE(transport->shutdown().is_ok());
    EXPECT_EQ(script.shutdowns, 1);
    EXPECT_FALSE(script.closed);
  }
  EXPECT_TRUE(script.closed);
  EXPECT_EQ(wire_text(script.written), "output");
}

TEST(IoResult, says_how_it_ended) {
  EXPECT_TRUE(net::IoResult{}.is_ok());
  EXPECT_FALSE(net::IoResult{}.would_block());
  EXPECT_TRUE(net::IoResult{.status = IoStatus::want_read}.would_block());
  EXPECT_TRUE(net::IoResult{.status = IoStatus::want_write}.would_block());
  EXPECT_FALSE(net::IoResult{.status = IoStatus::eof}.would_block());
  EXPECT_FALSE(net::IoResult{.status = IoStatus::eof}.is_ok());
  const auto failure = net::IoResult::failure(make_error_code(std::errc::io_error));
  EXPECT_EQ(failure.status, IoStatus::error);
  EXPECT_EQ(failure.error, std::errc::io_error);
  EXPECT_FALSE(failure.would_block());
}

}  // namespace
}  // namespace wirespan::test
