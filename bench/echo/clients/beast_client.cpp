// beast_client.cpp - benchmark client with Boost.Beast and blocking calls, which are its quickest:
// `beast_client PORT SIZE DEPTH SECONDS`.
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>

#include "client_run.hpp"

int main(int argc, char** argv) {
  namespace asio = boost::asio;
  using tcp = asio::ip::tcp;
  wirespan::bench::ClientRun run(argc, argv);
  asio::io_context context;
  boost::beast::websocket::stream<tcp::socket> stream(context);
  stream.next_layer().connect(tcp::endpoint(asio::ip::address_v4::loopback(), run.port()));
  stream.next_layer().set_option(tcp::no_delay(true));
  stream.handshake("127.0.0.1", "/");
  stream.binary(true);
  stream.auto_fragment(false);
  stream.read_message_max(0);
  boost::beast::flat_buffer buffer;
  do {
    run.begin_batch();
    for (std::size_t i = 0; i < run.depth(); ++i) stream.write(asio::buffer(run.payload()));
    for (std::size_t i = 0; i < run.depth(); ++i) {
      stream.read(buffer);
      run.check(buffer.data().data(), buffer.size());
      buffer.consume(buffer.size());
    }
  } while (run.end_batch());
  boost::beast::error_code ignored;
  stream.close(boost::beast::websocket::close_code::normal, ignored);
}
