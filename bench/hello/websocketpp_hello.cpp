// websocketpp_hello.cpp - the same with websocketpp: `websocketpp_hello URL HOST CA`.
#include <cstdio>
#include <string>

#include <websocketpp/client.hpp>
#include <websocketpp/config/asio_client.hpp>

using Client = websocketpp::client<websocketpp::config::asio_tls_client>;

int main(int, char** argv) {
  namespace ssl = websocketpp::lib::asio::ssl;
  Client client;
  client.clear_access_channels(websocketpp::log::alevel::all);
  client.init_asio();
  client.set_tls_init_handler([&](const websocketpp::connection_hdl&) {
    auto tls = websocketpp::lib::make_shared<ssl::context>(ssl::context::tls_client);
    tls->load_verify_file(argv[3]);
    tls->set_verify_mode(ssl::verify_peer);
    tls->set_verify_callback(ssl::host_name_verification(argv[2]));
    return tls;
  });
  client.set_open_handler([&](const websocketpp::connection_hdl& connection) {
    client.send(connection, "hello", websocketpp::frame::opcode::text);
  });
  client.set_message_handler(
      [&](const websocketpp::connection_hdl& connection, const Client::message_ptr& message) {
        std::puts(message->get_payload().c_str());
        client.close(connection, websocketpp::close::status::normal, "");
      });
  websocketpp::lib::error_code error;
  client.connect(client.get_connection(argv[1], error));
  client.run();
}
