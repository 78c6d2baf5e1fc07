// websocketpp_client.cpp - benchmark client with WebSocket++ without its locks and logs:
// `websocketpp_client PORT SIZE DEPTH SECONDS`.
#include <websocketpp/client.hpp>
#include <websocketpp/config/asio_no_tls_client.hpp>

#include "client_run.hpp"

struct Config : websocketpp::config::asio_client {
  static bool const enable_multithreading = false;
  static websocketpp::log::level const elog_level = websocketpp::log::elevel::none;
  static websocketpp::log::level const alog_level = websocketpp::log::alevel::none;
  static std::size_t const max_message_size = std::size_t{64} << 20;
};
using Client = websocketpp::client<Config>;

int main(int argc, char** argv) {
  wirespan::bench::ClientRun run(argc, argv);
  Client client;
  client.init_asio();
  std::size_t awaited = 0;
  const auto send_batch = [&](const websocketpp::connection_hdl& handle) {
    run.begin_batch();
    awaited = run.depth();
    for (std::size_t i = 0; i < run.depth(); ++i) {
      client.send(handle, run.payload(), websocketpp::frame::opcode::binary);
    }
  };
  client.set_tcp_post_init_handler([&](websocketpp::connection_hdl handle) {
    client.get_con_from_hdl(handle)->get_raw_socket().set_option(
        boost::asio::ip::tcp::no_delay(true));
  });
  client.set_open_handler(send_batch);
  client.set_message_handler([&](websocketpp::connection_hdl handle, Client::message_ptr message) {
    run.check(message->get_payload().data(), message->get_payload().size());
    if (--awaited > 0) return;
    if (run.end_batch()) {
      send_batch(handle);
    } else {
      client.close(handle, websocketpp::close::status::normal, "");
    }
  });
  websocketpp::lib::error_code error;
  const auto connection = client.get_connection(run.url(), error);
  if (error) return 1;
  client.connect(connection);
  client.run();
}
