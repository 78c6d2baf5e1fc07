// connector_options.cpp - from ConnectOptions to net::ConnectorOptions.
#include <net/if.h>

#include <wirespan/app/client/connector_options.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/core/in_quotes.hpp>

namespace wirespan {

Expected<net::ConnectorOptions> connector_options(const ConnectOptions& options,
                                                  std::string& detail) {
  net::ConnectorOptions connector{.default_options = true,
                                  .socket_options = options.sockopt,
                                  .interface = options.interface,
                                  .on_socket = options.on_socket,
                                  .one_at_a_time = options.one_connecting_per_address};
  if (!options.local_address.empty()) {
    connector.local_address = net::Endpoint::from_text(options.local_address);
    if (!connector.local_address) {
      detail = "local_address " + in_quotes(options.local_address) + " is no numeric address";
      return std::error_code(Errc::invalid_option);
    }
  }
  // SO_BINDTODEVICE takes the first bytes of a longer name, which may be another interface.
  if (options.interface.size() >= IFNAMSIZ || options.interface.find('\0') != std::string::npos) {
    detail = "interface " + in_quotes(options.interface) + " is no name of an interface";
    return std::error_code(Errc::invalid_option);
  }
  return connector;
}

}  // namespace wirespan
