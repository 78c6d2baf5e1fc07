// blocking_fixture.hpp - a blocking client against the servers of other implementations.
#pragma once

#include <string>
#include <utility>

#include "peers/peer_server.hpp"
#include "peers/random_payload.hpp"
#include <wirespan/app/websocket.hpp>

namespace wirespan::test {

class BlockingClient : public AgainstPeers {
 protected:
  /// Returns options that trust the server, with a timeout of 60 s and room for the largest
  /// message.
  [[nodiscard]] static ConnectOptions options(ConnectOptions options = {}) {
    options.timeout = std::chrono::seconds(60);
    options.max_message_size = largest_message;
    options.sslopt = server().trusted();
    return options;
  }
  [[nodiscard]] WebSocket connect(const std::string& resource, ConnectOptions wishes = {}) {
    return create_connection(url(resource), options(std::move(wishes)));
  }
};

/// Returns the exception that the call throws; throws std::logic_error if it throws none.
template <class Exception, class Call>
[[nodiscard]] Exception thrown(Call call) {
  try {
    (void)call();
  } catch (const Exception& exception) {
    return exception;
  }
  throw std::logic_error("the call throws no such exception");
}

}  // namespace wirespan::test
