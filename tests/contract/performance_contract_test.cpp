// The performance contract in counts: heap calls, system calls and memory of a pair of channels.
#include <functional>
#include <string>

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "contract/heap_counter.hpp"
#include "contract/network_decorator.hpp"
#include <wirespan/net/channel_impl.hpp>
#include <wirespan/net/tcp_socket.hpp>
#ifdef WIRESPAN_TEST_TLS
#include "support/certificates.hpp"
#include <wirespan/tls/tls_stream.hpp>
#endif

namespace wirespan {
namespace {

using net::EventLoop;
using net::TcpSocket;

struct Handler {
  const std::function<void(const Message&)>* message;
  void on_message(const Message& received) { (*message)(received); }
  void on_fragment(const Fragment&) {}
  void on_ping(Bytes) {}
  void on_pong(Bytes) {}
  void on_ping_sent() {}
  void on_backlog(std::size_t) {}
  void on_drained() {}
  void on_end(const net::SessionEnd&) {}
};

/// A client and an echoing server on one event loop.
template <class Stream>
class Pair {
 public:
  using Channel = net::Channel<Stream, Handler>;

  Pair(EventLoop& loop, Stream client, Stream server)
      : loop_(loop),
        client_(loop, std::move(client), connection(Role::client), Handler{&on_answer_}, options_),
        server_(loop, std::move(server), connection(Role::server), Handler{&on_request_},
                options_) {
    client_.start({});
    server_.start({});
  }

  /// Sends `count` messages of `size` bytes, `depth` of them in flight. Makes no heap call itself.
  void talk(std::size_t count, std::size_t size, std::size_t depth) {
    const Bytes payload = wire_bytes(text_).first(size);
    answers_ = 0;
    for (std::size_t sent = 0; sent < count; sent += depth) {
      for (std::size_t i = 0; i < depth; ++i) {
        ASSERT_FALSE(client_.send(Opcode::text, payload));
      }
      while (answers_ < sent + depth) loop_.run_once(std::nullopt);
    }
  }

  [[nodiscard]] Channel& client() noexcept { return client_; }
  [[nodiscard]] Channel& server() noexcept { return server_; }

 private:
  Connection connection(Role role) {
    return Connection(role, ConnectionOptions{.mask_source = loop_.random().mask_source(),
                                              .blocks = &loop_.buffers().source()});
  }

  EventLoop& loop_;
  net::SessionOptions options_;
  std::string text_ = std::string(100'000, 'x');
  std::size_t answers_ = 0;
  std::function<void(const Message&)> on_answer_ = [this](const Message&) { ++answers_; };
  std::function<void(const Message&)> on_request_ = [this](const Message& message) {
    ASSERT_FALSE(server_.send(message.opcode, message.payload));
  };
  Channel client_;
  Channel server_;
};

struct SocketPair {
  int fds[2] = {-1, -1};
  SocketPair() {
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
  }
};

/// Counts the whole process: both channels, the loop, its buffer pool and the C library.
TEST(PerformanceContract, FIX_no_heap_call_per_message_over_tcp) {
  EventLoop loop;
  const SocketPair sockets;
  Pair<TcpSocket> pair(loop, TcpSocket(loop.network(), sockets.fds[0]),
                       TcpSocket(loop.network(), sockets.fds[1]));
  for (const std::size_t size : {0U, 16U, 125U, 1024U, 16384U, 100000U}) {
    pair.talk(64, size, 8);
    const std::size_t before = test::heap_calls();
    pair.talk(20'000, size, 8);
    EXPECT_EQ(test::heap_calls() - before, 0U) << size << " bytes";
  }
}

TEST(PerformanceContract, one_write_for_a_batch_of_answers) {
  test::CountingNetwork network;
  EventLoop loop({.network = &network});
  const SocketPair sockets;
  Pair<TcpSocket> pair(loop, TcpSocket(network, sockets.fds[0]),
                       TcpSocket(network, sockets.fds[1]));
  constexpr std::size_t batch = 256;
  pair.talk(batch, 64, batch);
  network.reset();
  pair.talk(batch, 64, batch);
  // One write by the client for its batch, one by the server for all answers, and a read for each.
  EXPECT_EQ(network.writes, 2U);
  EXPECT_EQ(network.reads, 2U);
  EXPECT_EQ(network.interest_changes, 0U) << "no epoll_ctl on the hot path";
}

TEST(PerformanceContract, an_idle_connection_owns_no_buffer) {
  EventLoop loop;
  const SocketPair sockets;
  Pair<TcpSocket> pair(loop, TcpSocket(loop.network(), sockets.fds[0]),
                       TcpSocket(loop.network(), sockets.fds[1]));
  pair.talk(16, 100'000, 4);
  EXPECT_EQ(pair.client().memory(), 0U);
  EXPECT_EQ(pair.server().memory(), 0U);
}

#ifdef WIRESPAN_TEST_TLS

tls::TlsStream client_stream(EventLoop& loop, int fd) {
  const auto context = tls::Context::for_client({.ca_certs = test::authority_file()});
  return std::move(*tls::TlsStream::client(net::make_transport(TcpSocket(loop.network(), fd)),
                                           *context, "localhost"));
}

tls::TlsStream server_stream(EventLoop& loop, int fd) {
  const auto files = test::certificate();
  const auto context =
      tls::Context::for_server({.certificate_file = files.certificate, .key_file = files.key});
  return std::move(
      *tls::TlsStream::server(net::make_transport(TcpSocket(loop.network(), fd)), *context));
}

/// The library makes no heap call. OpenSSL makes some for each record: their recorded numbers may
/// only go down.
TEST(PerformanceContract, no_heap_call_of_ours_per_message_over_tls) {
  EventLoop loop;
  const SocketPair sockets;
  auto client = client_stream(loop, sockets.fds[0]);
  auto server = server_stream(loop, sockets.fds[1]);
  for (bool done = false; !done;) {
    const auto of_client = client.handshake();
    const auto of_server = server.handshake();
    ASSERT_FALSE(of_client.error || of_server.error);
    done = of_client.is_ok() && of_server.is_ok();
  }
  Pair<tls::TlsStream> pair(loop, std::move(client), std::move(server));
  struct Baseline {
    std::size_t size;
    double calls_per_message;
  };
  for (const auto& [size, baseline] : {Baseline{16, 1.51}, {1024, 1.51}, {16'000, 9.63}}) {
    pair.talk(64, size, 8);
    const std::size_t ours = test::new_calls();
    const std::size_t all = test::heap_calls();
    constexpr std::size_t messages = 8'000;
    pair.talk(messages, size, 8);
    const double calls = static_cast<double>(test::heap_calls() - all) / messages;
    EXPECT_EQ(test::new_calls() - ours, 0U) << size << " bytes";
    EXPECT_LE(calls, baseline) << size << " bytes";
    RecordProperty("openssl_heap_calls_" + std::to_string(size), std::to_string(calls));
  }
}

#endif

}  // namespace
}  // namespace wirespan
