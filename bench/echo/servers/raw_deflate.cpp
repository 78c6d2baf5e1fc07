// raw_deflate.cpp - the lower bound of an echo server with compression: frames are taken apart and
// checked for nothing, each message is inflated and compressed again with zlib, or with libdeflate
// where no context is kept and the build has it. `raw_deflate PORT none|stream`.
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>
#ifdef WIRESPAN_RAW_LIBDEFLATE
#include <libdeflate.h>
#endif

namespace {

using Bytes = std::vector<unsigned char>;

constexpr std::size_t room_size = std::size_t{1} << 20;
constexpr std::array<unsigned char, 4> tail{0, 0, 0xFF, 0xFF};

/// A pair of zlib states, of one connection or, without context, of all.
struct Zlib {
  z_stream inflating{};
  z_stream deflating{};
  Zlib() {
    const bool made = inflateInit2(&inflating, -15) == Z_OK &&
                      deflateInit2(&deflating, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) == Z_OK;
    if (!made) throw std::runtime_error("zlib has no memory");
  }
  ~Zlib() {
    (void)inflateEnd(&inflating);
    (void)deflateEnd(&deflating);
  }
  Zlib(const Zlib&) = delete;
  Zlib& operator=(const Zlib&) = delete;
};

struct Connection {
  explicit Connection(int fd) : descriptor(fd) {}
  ~Connection() { ::close(descriptor); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  int descriptor;
  std::unique_ptr<Zlib> own;
  Bytes input;
};

bool keeps_context = false;
Bytes room(room_size);
Bytes plain(room_size);
Bytes packed(room_size);

/// Inflates `payload`, behind which there are the four bytes of the tail, and compresses it again
/// into `packed`; returns the size there.
std::size_t recode(Zlib& zlib, unsigned char* payload, std::size_t size) {
  if (!keeps_context) {
    (void)inflateReset(&zlib.inflating);
    (void)deflateReset(&zlib.deflating);
  }
  zlib.inflating.next_in = payload;
  zlib.inflating.avail_in = static_cast<uInt>(size + tail.size());
  zlib.inflating.next_out = plain.data();
  zlib.inflating.avail_out = static_cast<uInt>(plain.size());
  if (inflate(&zlib.inflating, Z_SYNC_FLUSH) != Z_OK) throw std::runtime_error("bad data");
  zlib.deflating.next_in = plain.data();
  zlib.deflating.avail_in = static_cast<uInt>(plain.size() - zlib.inflating.avail_out);
  zlib.deflating.next_out = packed.data();
  zlib.deflating.avail_out = static_cast<uInt>(packed.size());
  (void)deflate(&zlib.deflating, Z_SYNC_FLUSH);
  return packed.size() - zlib.deflating.avail_out - tail.size();
}

#ifdef WIRESPAN_RAW_LIBDEFLATE
/// The same by libdeflate, which needs an end: an empty final block behind the tail.
std::size_t recode_whole(unsigned char* payload, std::size_t size) {
  static libdeflate_decompressor* const inflating = libdeflate_alloc_decompressor();
  static libdeflate_compressor* const deflating = libdeflate_alloc_compressor(5);
  constexpr std::array<unsigned char, 5> last{1, 0, 0, 0xFF, 0xFF};
  std::array<unsigned char, last.size()> saved{};
  unsigned char* const end = payload + size + tail.size();
  std::copy_n(end, last.size(), saved.begin());
  std::copy(last.begin(), last.end(), end);
  std::size_t taken = 0;
  std::size_t written = 0;
  const auto result =
      libdeflate_deflate_decompress_ex(inflating, payload, size + tail.size() + last.size(),
                                       plain.data(), plain.size(), &taken, &written);
  std::copy(saved.begin(), saved.end(), end);
  if (result != LIBDEFLATE_SUCCESS) throw std::runtime_error("bad data");
  const std::size_t shrunk = libdeflate_deflate_compress(deflating, plain.data(), written,
                                                         packed.data(), packed.size() - 1);
  packed[shrunk] = 0;
  return shrunk + 1;
}
#endif

std::size_t recode_for(Connection& connection, unsigned char* payload, std::size_t size) {
#ifdef WIRESPAN_RAW_LIBDEFLATE
  if (!keeps_context) return recode_whole(payload, size);
#endif
  static Zlib shared;
  if (!keeps_context) return recode(shared, payload, size);
  if (!connection.own) connection.own = std::make_unique<Zlib>();
  return recode(*connection.own, payload, size);
}

void send_all(int descriptor, const unsigned char* data, std::size_t size) {
  while (size > 0) {
    const ::ssize_t sent = ::send(descriptor, data, size, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return;
    if (sent < 0) continue;
    data += sent;
    size -= static_cast<std::size_t>(sent);
  }
}

/// Appends the frame of an echo.
void append_echo(Bytes& output, unsigned char first, std::size_t size) {
  output.push_back(first);
  if (size < 126) {
    output.push_back(static_cast<unsigned char>(size));
  } else if (size < 65536) {
    output.insert(output.end(), {126, static_cast<unsigned char>(size >> 8),
                                 static_cast<unsigned char>(size & 255)});
  } else {
    output.push_back(127);
    for (int shift = 56; shift >= 0; shift -= 8) {
      output.push_back(static_cast<unsigned char>(size >> shift));
    }
  }
  output.insert(output.end(), packed.begin(), packed.begin() + static_cast<std::ptrdiff_t>(size));
}

/// The head of a client's frame; `size` is 0 while the frame is not all there.
struct Head {
  std::size_t start = 0;
  std::size_t payload = 0;
};

Head read_head(const unsigned char* at, std::size_t available) {
  if (available < 2) return {};
  std::size_t payload = at[1] & 127;
  const std::size_t extra = payload == 126 ? 2 : payload == 127 ? 8 : 0;
  const std::size_t start = 2 + extra + 4;
  if (available < start) return {};
  if (extra > 0) {
    payload = 0;
    for (std::size_t i = 0; i < extra; ++i) payload = payload << 8 | at[2 + i];
  }
  return available < start + payload ? Head{} : Head{start, payload};
}

void echo_frames(Connection& connection) {
  static Bytes output;
  static Bytes payload;
  output.clear();
  std::size_t at = 0;
  while (true) {
    const unsigned char* frame = connection.input.data() + at;
    const Head head = read_head(frame, connection.input.size() - at);
    if (head.start == 0) break;
    const unsigned char* const mask = frame + head.start - 4;
    payload.resize(head.payload + 16);
    for (std::size_t i = 0; i < head.payload; ++i) payload[i] = frame[head.start + i] ^ mask[i % 4];
    std::copy(tail.begin(), tail.end(),
              payload.begin() + static_cast<std::ptrdiff_t>(head.payload));
    append_echo(output, frame[0], recode_for(connection, payload.data(), head.payload));
    at += head.start + head.payload;
  }
  connection.input.erase(connection.input.begin(),
                         connection.input.begin() + static_cast<std::ptrdiff_t>(at));
  send_all(connection.descriptor, output.data(), output.size());
}

/// False at the end of the connection.
bool serve(Connection& connection) {
  const ::ssize_t size = ::recv(connection.descriptor, room.data(), room.size(), 0);
  if (size <= 0) return size < 0 && errno == EAGAIN;
  connection.input.insert(connection.input.end(), room.begin(), room.begin() + size);
  echo_frames(connection);
  return true;
}

int listen_on(std::uint16_t port) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  (void)::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  if (::bind(listener, generic, sizeof address) != 0 || ::listen(listener, 1024) != 0) {
    throw std::runtime_error("cannot listen");
  }
  return listener;
}

void watch(int epoll, Connection* connection, int descriptor) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = connection;
  (void)::epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event);
}

[[noreturn]] void run(std::uint16_t port) {
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  const int listener = listen_on(port);
  watch(epoll, nullptr, listener);
  std::array<epoll_event, 512> events;
  for (;;) {
    const int count = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      auto* connection = static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr);
      if (connection != nullptr) {
        if (!serve(*connection)) delete connection;
        continue;
      }
      const int descriptor = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (descriptor < 0) continue;
      const int on = 1;
      (void)::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      watch(epoll, new Connection(descriptor), descriptor);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  keeps_context = std::string_view(argv[2]) == "stream";
  try {
    run(static_cast<std::uint16_t>(std::atoi(argv[1])));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "raw_deflate: %s\n", error.what());
    return 1;
  }
}
