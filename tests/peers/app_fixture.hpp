// app_fixture.hpp - a WebSocketApp against the servers of other implementations.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "peers/peer_server.hpp"
#include "peers/random_payload.hpp"
#include <wirespan/app/websocket_app.hpp>

namespace wirespan::test {

class CallbackClient : public AgainstPeers {
 protected:
  /// Runs an app until its connection is over. Records the calls of on_error and on_close.
  RunResult run(const std::string& resource, AppHandlers handlers, AppOptions app_options = {},
                RunOptions run_options = {}) {
    errors_.clear();
    closes_.clear();
    handlers.on_error = [this](WebSocketApp&, const std::exception& error) {
      errors_.emplace_back(error.what());
    };
    handlers.on_close = [this](WebSocketApp&, std::optional<CloseCode> code,
                               std::string_view reason) {
      closes_.push_back(code ? std::to_string(static_cast<int>(*code)) + " " + std::string(reason)
                             : "no connection");
    };
    app_options.max_message_size = largest_message;
    app_options.send_hard_limit = 2 * largest_message;
    if (!app_options.connect_timeout) app_options.connect_timeout = std::chrono::seconds(30);
    if (run_options.sslopt.ca_certs.empty()) run_options.sslopt = server().trusted();
    WebSocketApp app(url(resource), std::move(handlers), std::move(app_options));
    return app.run_forever(run_options);
  }

  std::vector<std::string> errors_;
  std::vector<std::string> closes_;  // the arguments of on_close
};

}  // namespace wirespan::test
