// beast_hello.cpp - the same with Boost.Beast: `beast_hello HOST PORT CA`.
#include <cstdio>
#include <string>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>

int main(int, char** argv) {
  namespace asio = boost::asio;
  namespace beast = boost::beast;
  asio::io_context loop;
  asio::ssl::context tls(asio::ssl::context::tls_client);
  tls.load_verify_file(argv[3]);
  tls.set_verify_mode(asio::ssl::verify_peer);
  beast::websocket::stream<asio::ssl::stream<asio::ip::tcp::socket>> ws(loop, tls);
  asio::ip::tcp::resolver resolver(loop);
  asio::connect(beast::get_lowest_layer(ws), resolver.resolve(argv[1], argv[2]));
  SSL_set_tlsext_host_name(ws.next_layer().native_handle(), argv[1]);
  ws.next_layer().set_verify_callback(asio::ssl::host_name_verification(argv[1]));
  ws.next_layer().handshake(asio::ssl::stream_base::client);
  ws.handshake(std::string(argv[1]) + ":" + argv[2], "/");
  ws.write(asio::buffer("hello", 5));
  beast::flat_buffer answer;
  ws.read(answer);
  std::puts(beast::buffers_to_string(answer.data()).c_str());
  ws.close(beast::websocket::close_code::normal);
}
