// beast_server.cpp - Boost.Beast as an echo server, with a thread for each connection. Prints its
// URL, ends with its standard input.
#include <cstdio>
#include <thread>

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>
#include <unistd.h>

namespace beast = boost::beast;
namespace websocket = beast::websocket;
using tcp = boost::asio::ip::tcp;

namespace {

void serve(tcp::socket socket) {
  try {
    websocket::stream<tcp::socket> stream(std::move(socket));
    websocket::permessage_deflate deflate;
    deflate.server_enable = true;
    stream.set_option(deflate);
    stream.read_message_max(std::size_t{64} << 20);
    stream.accept();
    for (;;) {
      beast::flat_buffer buffer;
      stream.read(buffer);
      stream.text(stream.got_text());
      stream.write(buffer.data());
    }
  } catch (const std::exception&) {
    // Every end of a connection arrives as an exception.
  }
}

}  // namespace

int main() {
  boost::asio::io_context context;
  tcp::acceptor acceptor(context, {boost::asio::ip::make_address("127.0.0.1"), 0});
  std::printf("listening on ws://127.0.0.1:%u/\n", unsigned{acceptor.local_endpoint().port()});
  std::fflush(stdout);
  std::thread([] {
    char octet = 0;
    while (::read(STDIN_FILENO, &octet, 1) > 0) continue;
    ::_exit(0);
  }).detach();
  for (;;) {
    tcp::socket socket(context);
    acceptor.accept(socket);
    socket.set_option(tcp::no_delay(true));
    std::thread(serve, std::move(socket)).detach();
  }
}
