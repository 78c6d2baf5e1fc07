// websocketpp_echo PORT - WebSocket++ without its locks and logs.
#include <cstdlib>

#include <websocketpp/config/asio_no_tls.hpp>
#include <websocketpp/server.hpp>

struct Config : websocketpp::config::asio {
  static bool const enable_multithreading = false;
  static websocketpp::log::level const elog_level = websocketpp::log::elevel::none;
  static websocketpp::log::level const alog_level = websocketpp::log::alevel::none;
  static std::size_t const max_message_size = std::size_t{64} << 20;
};
using Server = websocketpp::server<Config>;

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  Server server;
  server.init_asio();
  server.set_reuse_addr(true);
  server.set_listen_backlog(1024);
  server.set_tcp_post_init_handler([&server](websocketpp::connection_hdl handle) {
    server.get_con_from_hdl(handle)->get_raw_socket().set_option(
        boost::asio::ip::tcp::no_delay(true));
  });
  server.set_message_handler(
      [&server](websocketpp::connection_hdl handle, Server::message_ptr message) {
        websocketpp::lib::error_code ignored;
        server.send(handle, message->get_payload(), message->get_opcode(), ignored);
      });
  server.listen(boost::asio::ip::tcp::v4(), static_cast<std::uint16_t>(std::atoi(argv[1])));
  server.start_accept();
  server.run();
}
