// blocking.hpp - the blocking client (WebSocket) on one of the links, for tests.
#pragma once

#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "support/raw_server.hpp"
#include "support/thrown.hpp"
#include <wirespan/app/websocket.hpp>

namespace wirespan::test {

/// Returns options that trust the server of a link. Calls and connecting time out after 10 s unless
/// `options` says otherwise, so that every test ends by itself.
[[nodiscard]] inline ConnectOptions options_for(const Link& link, ConnectOptions options = {}) {
  if (link.is_secure()) options.sslopt = link.for_client();
  if (!options.timeout) options.timeout = 10s;
  if (!options.connect_timeout) options.connect_timeout = 10s;
  return options;
}

/// Fixture for tests that run over every link.
class OverLinks : public ::testing::TestWithParam<Link> {
 protected:
  [[nodiscard]] WebSocket connect(const RawServer& server, ConnectOptions options = {}) const {
    return create_connection(server.url(), options_for(GetParam(), std::move(options)));
  }
};

}  // namespace wirespan::test
