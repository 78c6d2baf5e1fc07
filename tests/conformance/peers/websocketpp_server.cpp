// websocketpp_server.cpp - websocketpp as an echo server. Prints its URL, ends with its standard
// input. Compiled as C++14, the newest standard that websocketpp supports.
#include <cstdio>
#include <thread>

#include <unistd.h>
#include <websocketpp/config/asio_no_tls.hpp>
#include <websocketpp/extensions/permessage_deflate/enabled.hpp>
#include <websocketpp/server.hpp>

namespace {

struct Config : websocketpp::config::asio {
  using type = Config;
  struct permessage_deflate_config {};
  using permessage_deflate_type =
      websocketpp::extensions::permessage_deflate::enabled<permessage_deflate_config>;
};
using Server = websocketpp::server<Config>;

}  // namespace

int main() {
  Server server;
  server.clear_access_channels(websocketpp::log::alevel::all);
  server.clear_error_channels(websocketpp::log::elevel::all);
  server.init_asio();
  server.set_max_message_size(std::size_t{64} << 20);
  server.set_message_handler([&](websocketpp::connection_hdl connection, Server::message_ptr one) {
    websocketpp::lib::error_code ignored;
    server.send(connection, one->get_payload(), one->get_opcode(), ignored);
  });
  server.listen(websocketpp::lib::asio::ip::tcp::endpoint(
      websocketpp::lib::asio::ip::address::from_string("127.0.0.1"), 0));
  server.start_accept();
  websocketpp::lib::asio::error_code error;
  std::printf("listening on ws://127.0.0.1:%u/\n",
              unsigned{server.get_local_endpoint(error).port()});
  std::fflush(stdout);
  std::thread([] {
    char octet = 0;
    while (::read(STDIN_FILENO, &octet, 1) > 0) continue;
    ::_exit(0);
  }).detach();
  server.run();
}
