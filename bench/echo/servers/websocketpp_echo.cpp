// websocketpp_echo.cpp - echo or fan-out server on WebSocket++ without its locks and logs:
// `websocketpp_echo PORT [fan_out | none]`; the last one compresses, and its peer is to ask for no
// context: the library would keep one.
#include <cstdlib>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include <websocketpp/config/asio_no_tls.hpp>
#include <websocketpp/extensions/permessage_deflate/enabled.hpp>
#include <websocketpp/server.hpp>

#include "../published.hpp"

struct Config : websocketpp::config::asio {
  static bool const enable_multithreading = false;
  static websocketpp::log::level const elog_level = websocketpp::log::elevel::none;
  static websocketpp::log::level const alog_level = websocketpp::log::alevel::none;
  static std::size_t const max_message_size = std::size_t{64} << 20;
};
using Server = websocketpp::server<Config>;

struct CompressingConfig : Config {
  struct permessage_deflate_config {};
  using permessage_deflate_type =
      websocketpp::extensions::permessage_deflate::enabled<permessage_deflate_config>;
};

template <class Server>
void echo(Server& server) {
  server.set_message_handler(
      [&server](websocketpp::connection_hdl handle, typename Server::message_ptr message) {
        websocketpp::lib::error_code ignored;
        server.send(handle, message->get_payload(), message->get_opcode(), ignored);
      });
}

/// WebSocket++ has no topics; its examples send to many connections in a loop like this one.
class FanOut {
 public:
  explicit FanOut(Server& server) : server_(server) {
    server.set_open_handler([this](Handle handle) { everybody_.insert(handle); });
    server.set_close_handler([this](Handle handle) { everybody_.erase(handle); });
    server.set_message_handler(
        [this](Handle, Server::message_ptr message) { publish(message->get_payload()); });
  }

 private:
  using Handle = websocketpp::connection_hdl;

  void publish(const std::string& text) {
    fan_out::Order order;
    if (!fan_out::parse(text, order)) return;
    for (std::size_t i = 0; i < order.count; ++i) {
      for (const Handle& handle : everybody_) {
        websocketpp::lib::error_code ignored;
        server_.send(handle, messages_.at(i), order.size, websocketpp::frame::opcode::binary,
                     ignored);
      }
    }
  }

  Server& server_;
  fan_out::Messages messages_;
  std::set<Handle, std::owner_less<Handle>> everybody_;
};

template <class Server>
void set_up(Server& server) {
  server.init_asio();
  server.set_reuse_addr(true);
  server.set_listen_backlog(1024);
  server.set_tcp_post_init_handler([&server](websocketpp::connection_hdl handle) {
    server.get_con_from_hdl(handle)->get_raw_socket().set_option(
        boost::asio::ip::tcp::no_delay(true));
  });
}

template <class Server>
void serve(Server& server, const char* port) {
  server.listen(boost::asio::ip::tcp::v4(), static_cast<std::uint16_t>(std::atoi(port)));
  server.start_accept();
  server.run();
}

int main(int argc, char** argv) {
  if (argc != 2 && argc != 3) return 2;
  const std::string mode = argc == 3 ? argv[2] : "echo";
  if (mode == "none") {
    websocketpp::server<CompressingConfig> server;
    set_up(server);
    echo(server);
    serve(server, argv[1]);
    return 0;
  }
  Server server;
  set_up(server);
  std::optional<FanOut> fan_out;
  if (mode == "fan_out") {
    fan_out.emplace(server);
  } else {
    echo(server);
  }
  serve(server, argv[1]);
}
