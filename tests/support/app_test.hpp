// app_test.hpp - fixture for tests of WebSocketApp over every kind of connection and every back
// end.
#pragma once

#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "support/raw_server.hpp"
#include "support/recorder.hpp"
#include "support/thrown.hpp"
#include <wirespan/app/websocket_app.hpp>

/// Fixture: its parameter chooses plain or TLS, epoll or poll; `recorder` notes the handler calls.
namespace wirespan::test {

class AppTest : public ::testing::TestWithParam<Link> {
 protected:
  [[nodiscard]] const Link& link() const { return GetParam(); }
  [[nodiscard]] AppOptions with(AppOptions options = {}) const {
    options.backend = link().backend;
    return options;
  }
  [[nodiscard]] RunOptions running(RunOptions options = {}) const {
    options.sslopt = link().for_client();
    return options;
  }
  /// Runs a WebSocketApp against the server until run_forever() returns by itself.
  RunResult run(const RawServer& server, AppHandlers handlers) {
    WebSocketApp app(server.url(), std::move(handlers), with());
    return app.run_forever(running());
  }
  /// The same, with the recorder's handlers.
  RunResult run(const RawServer& server) { return run(server, recorder.handlers()); }

  Recorder recorder;
};

#define WIRESPAN_OVER_LINKS_AND_BACKENDS(Suite) \
  INSTANTIATE_TEST_SUITE_P(Over, Suite, ::testing::ValuesIn(links_and_backends()), link_name)

/// The parts of a RunResult that tests compare.
struct Ending {
  EndReason why = EndReason::stopped;
  std::optional<CloseCode> code{};
  std::string reason{};
  std::error_code error{};
  bool operator==(const Ending&) const = default;
};

inline Ending ending_of(const RunResult& result) {
  return {.why = result.why,
          .code = result.close.code,
          .reason = result.close.reason,
          .error = result.error};
}

inline void PrintTo(const Ending& ending, std::ostream* out) {
  *out << reason_name(ending.why) << " " << (ending.code ? static_cast<int>(*ending.code) : -1)
       << " \"" << ending.reason << "\" " << (ending.error ? ending.error.message() : "no error");
}

/// Returns a script that sends messages and then closes with 1000.
[[nodiscard]] inline RawServer::Script sending(std::vector<std::string> texts) {
  return [texts = std::move(texts)](RawPeer& peer) {
    (void)peer.accept();
    for (const std::string& text : texts) (void)peer.send_text(text);
    (void)peer.send_close(1000, "done");
    (void)peer.read_until_close();
  };
}

}  // namespace wirespan::test
