// WebSocketServer with TLS: a client that floods it with key updates (RFC 8446 §4.6.3) delays no
// other client of the same loop.
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include "support/running_server.hpp"
#include "support/tls_link.hpp"
#include <wirespan/net/unique_fd.hpp>

namespace wirespan::test {
namespace {

/// A TLS client (OpenSSL) that collects many records in memory and sends them at once.
class Flooder {
 public:
  explicit Flooder(std::uint16_t port)
      : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)),
        context_(::SSL_CTX_new(::TLS_client_method())),
        ssl_(::SSL_new(context_.get())) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval patience{.tv_sec = 5, .tv_usec = 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    open_ = ::connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    ::SSL_set_bio(ssl_.get(), ::BIO_new(::BIO_s_mem()), ::BIO_new(::BIO_s_mem()));
    ::SSL_set_connect_state(ssl_.get());
    while (open_ && ::SSL_do_handshake(ssl_.get()) != 1) {
      send_all();
      receive();
    }
    send_all();
    write(upgrade_request());
    send_all();
  }
  [[nodiscard]] bool is_open() const { return open_; }

  void write(std::string_view bytes) {
    std::size_t size = 0;
    (void)::SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &size);
  }
  void update_keys() {
    (void)::SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_NOT_REQUESTED);
    (void)::SSL_do_handshake(ssl_.get());
  }
  void send_all() {
    std::array<char, 65536> buffer;
    int size = 0;
    while ((size = ::BIO_read(::SSL_get_wbio(ssl_.get()), buffer.data(), buffer.size())) > 0) {
      const auto length = static_cast<std::size_t>(size);
      if (::send(fd_.get(), buffer.data(), length, MSG_NOSIGNAL) < size) open_ = false;
    }
  }

 private:
  void receive() {
    std::array<char, 16384> buffer;
    const auto size = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (size <= 0) open_ = false;
    if (size > 0) ::BIO_write(::SSL_get_rbio(ssl_.get()), buffer.data(), static_cast<int>(size));
  }

  template <auto free>
  struct Freed {
    template <class T>
    void operator()(T* object) const noexcept {
      free(object);
    }
  };
  net::UniqueFd fd_;
  std::unique_ptr<SSL_CTX, Freed<&::SSL_CTX_free>> context_;
  std::unique_ptr<SSL, Freed<&::SSL_free>> ssl_;
  bool open_ = false;
};

Clock::duration round_trip(RawPeer& client) {
  const auto begin = Clock::now();
  client.send_text("x");
  EXPECT_EQ(client.read_described(), "text \"x\"");
  return Clock::now() - begin;
}

std::chrono::microseconds median(std::vector<Clock::duration> times) {
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  return std::chrono::duration_cast<std::chrono::microseconds>(*middle);
}

/// Returns the longest round trip allowed beside a flood: 5 ms and 50 times the median without one.
std::chrono::microseconds bearable(RawPeer& client) {
  std::vector<Clock::duration> times;
  for (int i = 0; i < 9; ++i) times.push_back(round_trip(client));
  return 5ms + 50 * median(std::move(times));
}

/// Returns the median round trip of a small message while `flooder` sends its records.
std::chrono::microseconds round_trip_beside(Flooder& flooder, RawPeer& client) {
  std::atomic<bool> over{false};
  std::thread sending([&] {
    flooder.send_all();
    over = true;
  });
  std::vector<Clock::duration> times;
  while (!over || times.size() < 9) times.push_back(round_trip(client));
  sending.join();
  return median(std::move(times));
}

TEST(KeyUpdateFlood, without_data_delays_no_other_client) {
  RunningServer server(echoing(), tls_link());
  RawPeer client = server.open();
  const auto longest = bearable(client);
  Flooder flooder(server.port());
  ASSERT_TRUE(flooder.is_open());
  for (int i = 0; i < 60'000; ++i) flooder.update_keys();
  EXPECT_LT(round_trip_beside(flooder, client), longest);
  EXPECT_TRUE(server.has_connections(1)) << "the flood is over";
}

/// With one byte of a message after each key update, no limit of records without data applies.
TEST(KeyUpdateFlood, with_a_byte_after_each_delays_no_other_client) {
  using namespace std::string_view_literals;
  RunningServer server(echoing(), tls_link());
  RawPeer client = server.open();
  const auto longest = bearable(client);
  Flooder flooder(server.port());
  ASSERT_TRUE(flooder.is_open());
  flooder.write("\x82\xFF\x00\x00\x00\x00\x00\x0F\x00\x00\x00\x00\x00\x00"sv);
  for (int i = 0; i < 60'000; ++i) {
    flooder.update_keys();
    flooder.write("x");
  }
  EXPECT_LT(round_trip_beside(flooder, client), longest);
}

}  // namespace
}  // namespace wirespan::test
