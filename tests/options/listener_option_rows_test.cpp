// listener_option_rows_test.cpp - every option of ListenerOptions, with what its comment says of
// its values.
#include <climits>

#include "options/life.hpp"
#include "options/rows.hpp"
#include "support/certificates.hpp"

namespace wirespan::test::listener_option_rows {
namespace {

using Options = ListenerOptions;

/// Tells whether a server can listen, on 127.0.0.1 unless the row names something else.
std::string listens(const Options& options) {
  WebSocketServer server({}, {});
  try {
    return server.listen(options) != 0 ? "a port" : "no port";
  } catch (const WebSocketException&) {
    return "refused";
  }
}
std::string on_loopback(Options options) {
  options.address = "127.0.0.1";
  return listens(options);
}
std::string on_a_path(Options options) {
  options.address = "unix:" + scratch_file("listener_rows.sock");
  return listens(options);
}

const OptionRow<Options> rows[] = {
    {OPTION(address),
     listens,
     {{"", "refused"},
      {"127.0.0.1", "a port"},
      {"localhost", "refused"},
      {"unix:", "refused"},
      {"unix:" + scratch_file("listener_row.sock"), "no port"}}},
    {OPTION(port),
     on_loopback,
     {{0, "a port"}},
     CoveredBy{"ServerListeners.a_port_in_use_is_named_and_the_other_listeners_stay"}},
    {OPTION(descriptor),
     listens,
     {{INT_MIN, "refused"}, {-1, "refused"}, {INT_MAX, "refused"}},
     CoveredBy{
         "ServerListeners.a_socket_that_listens_already_serves_all_loops_without_an_address"}},
    {OPTION(is_plain),
     on_loopback,
     {{false, "a port"}, {true, "a port"}},
     CoveredBy{"ServerListeners.one_may_be_plain_beside_another_with_tls"}},
    {OPTION(mode),
     on_a_path,
     {{std::nullopt, "no port"}, {0, "no port"}, {0600, "no port"}, {UINT_MAX, "no port"}},
     CoveredBy{"ServerListeners.the_file_of_a_unix_socket_has_the_permissions_asked_for"}},
};

WIRESPAN_OPTION_TABLE(ListenerOptionRows, rows);

}  // namespace
}  // namespace wirespan::test::listener_option_rows
