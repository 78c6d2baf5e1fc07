// publish_option_rows_test.cpp - every option of PublishOptions, with what its comment says of its
// values.
#include "options/life.hpp"
#include "options/rows.hpp"

namespace wirespan::test::publish_option_rows {
namespace {

using Options = PublishOptions;

/// Tells whether a server takes a message with these options.
std::string published(const PublishOptions& options) {
  WebSocketServer server({}, {});
  return server.publish("topic", "text", options) ? "refused" : "accepted";
}

const OptionRow<Options> rows[] = {
    {OPTION(key),
     published,
     {{"", "accepted"}, {"key", "accepted"}},
     CoveredBy{"ServerPublish.keys_of_different_topics_stay_apart_whatever_is_in_their_names"}},
    {OPTION(compress),
     published,
     {{Compress::if_agreed, "accepted"}, {Compress::never, "accepted"}},
     CoveredBy{"ServerPublish.a_message_is_compressed_for_those_who_agreed_on_it_and_plain_for_the_"
               "others"}},
    {OPTION(except),
     CoveredBy{"ServerRooms.what_is_published_does_not_reach_the_connection_that_is_left_out"}},
};

WIRESPAN_OPTION_TABLE(PublishOptionRows, rows);

}  // namespace
}  // namespace wirespan::test::publish_option_rows
