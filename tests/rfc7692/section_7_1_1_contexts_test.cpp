// RFC 7692 §7.1.1.2: clients that ignore client_no_context_takeover, as tornado's do, and servers
// set to keep the client's context without asking for that parameter.
#include <string>

#include <gtest/gtest.h>

#include "support/case_name.hpp"
#include "support/deflate_cases.hpp"
#include "support/zlib_reference.hpp"

namespace wirespan::test {
namespace {

/// A client whose compressor keeps its context, whatever the server answers.
class KeepingClient {
 public:
  explicit KeepingClient(const DeflateOptions& server)
      : options_{.deflate = server, .agreed = *answer_of(server)},
        server_(Role::server, options_) {}

  void send(Bytes message) {
    const ByteVector wire = compressed_frames(2, deflater_.message(message));
    server_.receive(as_received_by(Role::server, wire));
  }
  [[nodiscard]] std::string answer() const { return deflate_answer_text(options_.agreed); }
  [[nodiscard]] Conversation& server() { return server_; }

 private:
  static std::optional<DeflateParameters> answer_of(const DeflateOptions& server) {
    return choose_deflate(*parse_extensions("permessage-deflate; client_max_window_bits"), server);
  }

  ConversationOptions options_;
  Conversation server_;
  ZlibDeflater deflater_;
};

TEST(Section7_1_1, R152_a_client_that_keeps_its_context_fails_where_it_was_asked_not_to) {
  KeepingClient client{DeflateOptions{}};
  EXPECT_NE(client.answer().find("; client_no_context_takeover"), std::string::npos);
  const ByteVector message = compressible_text(1000);
  client.send(message);
  client.send(message);
  EXPECT_EQ(client.server().events(),
            (std::vector{seen::binary(message), seen::failed(Errc::bad_compressed_data)}));
}

/// A server may accept an offer that leaves it its context, though the client wants none.
TEST(Section7_1_1, R152_a_client_without_context_follows_a_server_that_keeps_its_own) {
  Conversation client(Role::client, compressing(DeflateContext::none));
  ZlibDeflater deflater;
  const ByteVector message = compressible_text(1000);
  for (int i = 0; i < 2; ++i) client.receive(compressed_frames(2, deflater.message(message)));
  EXPECT_EQ(client.events(), (std::vector{seen::binary(message), seen::binary(message)}));
}

struct Keeping {
  std::string name;
  DeflateContext context;
  std::size_t most_memory;  ///< The figure in the comment of DeflateOptions::receive_context.
};
void PrintTo(const Keeping& row, std::ostream* out) { *out << row.name; }

class Section7_1_1Contexts : public ::testing::TestWithParam<Keeping> {};

TEST_P(Section7_1_1Contexts, R152_a_server_that_keeps_them_does_not_ask_and_costs_what_is_said) {
  KeepingClient client{DeflateOptions{.receive_context = GetParam().context}};
  EXPECT_EQ(client.answer(), "permessage-deflate; server_no_context_takeover");
  const std::size_t before = client.server().connection().memory();
  std::vector<std::string> expected;
  for (int i = 0; i < 3; ++i) {
    for (const std::size_t size : {100U, 40'000U}) {
      const ByteVector message = compressible_text(size);
      client.send(message);
      expected.push_back(seen::binary(message));
    }
  }
  EXPECT_EQ(client.server().events(), expected);
  client.server().collect_events();
  const std::size_t kept = client.server().connection().memory() - before;
  EXPECT_LE(kept, GetParam().most_memory);
  EXPECT_GE(kept, GetParam().most_memory * 9 / 10) << "or the comment says too much";
}

INSTANTIATE_TEST_SUITE_P(Table, Section7_1_1Contexts,
                         ::testing::Values(Keeping{"dictionary", DeflateContext::dictionary,
                                                   32'768},
                                           Keeping{"stream", DeflateContext::stream, 42'000}),
                         case_name<Keeping>);

}  // namespace
}  // namespace wirespan::test
