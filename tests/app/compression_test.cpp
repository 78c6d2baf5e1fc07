// Compression (RFC 7692) between the clients and the server: negotiated, used, and transparent.
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "support/app_test.hpp"
#include "support/running_server.hpp"
#include <wirespan/app/websocket.hpp>
#include <wirespan/core/error.hpp>

namespace wirespan::test {
namespace {

class Compressed : public ServerTest {};
WIRESPAN_OVER_LINKS_AND_BACKENDS(Compressed);

std::string repetitive(std::size_t size) {
  std::string text;
  while (text.size() < size) text += "{\"price\":" + std::to_string(text.size() % 977) + "},";
  text.resize(size);
  return text;
}

DeflateOptions keeping(DeflateContext context) {
  return {.send_context = context, .receive_context = context};
}

TEST_P(Compressed, FIX_R143_a_blocking_client_and_the_server_with_every_context) {
  if (!deflate_available()) GTEST_SKIP() << "built without zlib";
  for (const auto context :
       {DeflateContext::none, DeflateContext::dictionary, DeflateContext::stream}) {
    RunningServer server(echoing(), link(), {.compression = keeping(context)});
    auto client = create_connection(
        server.url(),
        {.timeout = 20s, .sslopt = link().for_client(), .compression = keeping(context)});
    ASSERT_TRUE(client.compression());
    EXPECT_EQ(client.compression()->server_no_context_takeover, context == DeflateContext::none);
    for (const std::size_t size : {0U, 1U, 511U, 512U, 5000U, 100'000U, 1U << 20}) {
      const std::string text = repetitive(size);
      for (int i = 0; i < 2; ++i) {
        const std::size_t sent = client.send(text);
        EXPECT_EQ(sent < size / 3, size >= 512) << sent << " bytes for " << size;
        EXPECT_TRUE(client.recv().data == text) << size;
      }
      EXPECT_GE(client.send(text, Opcode::text, Compress::never), size);
      EXPECT_TRUE(client.recv().data == text) << size;
    }
    EXPECT_LT(client.send_frame(Frame::create_frame(repetitive(5000), Opcode::text, false)), 1000U);
    EXPECT_LT(client.send_frame(Frame::create_frame(repetitive(5000), Opcode::continuation)),
              1000U);
    EXPECT_TRUE(client.recv().data == repetitive(5000) + repetitive(5000));
    client.close();
  }
}

TEST_P(Compressed, R119_an_app_compresses_from_handlers_and_from_other_threads) {
  if (!deflate_available()) GTEST_SKIP() << "built without zlib";
  RunningServer server(echoing(), link(), {.compression = DeflateOptions{}});
  std::vector<std::string> received;
  AppHandlers handlers;
  std::jthread sender;
  handlers.on_open = [&](WebSocketApp& app) {
    EXPECT_TRUE(app.compression());
    app.send(repetitive(3000));
    app.send(repetitive(2000), Opcode::binary, Compress::never);
    sender = std::jthread([&app] {
      app.send(repetitive(4000));
      app.send_bytes(wire_bytes(repetitive(1000)), Compress::never);
    });
  };
  handlers.on_message = [&](WebSocketApp& app, const Message& message) {
    received.emplace_back(message.text());
    if (received.size() == 4) app.close();
  };
  AppOptions options;
  options.compression = DeflateOptions{};
  options.backend = link().backend;
  WebSocketApp app(server.url(), handlers, options);
  RunOptions run;
  run.sslopt = link().for_client();
  EXPECT_FALSE(app.run_forever(run).failed());
  EXPECT_EQ(received,
            (std::vector{repetitive(3000), repetitive(2000), repetitive(4000), repetitive(1000)}));
}

TEST_P(Compressed, R143_only_where_both_sides_want_it) {
  if (!deflate_available()) GTEST_SKIP() << "built without zlib";
  const auto agreed_with = [&](ServerOptions server_options, ConnectOptions options,
                               ServerHandlers handlers = echoing()) {
    RunningServer server(std::move(handlers), link(), std::move(server_options));
    options.sslopt = link().for_client();
    options.timeout = 20s;
    auto client = create_connection(server.url(), options);
    EXPECT_GE(client.send(repetitive(1000)), client.compression() ? 1U : 1000U);
    EXPECT_TRUE(client.recv().data == repetitive(1000));
    client.close();
    return client.compression().has_value();
  };
  const std::optional<DeflateOptions> on = DeflateOptions{};
  EXPECT_TRUE(agreed_with({.compression = on}, {.compression = on}));
  EXPECT_FALSE(agreed_with({.compression = on}, {}));
  EXPECT_FALSE(agreed_with({}, {.compression = on}));
  ServerHandlers refusing = echoing();
  refusing.on_request = [](PendingRequest request) {
    request.without_compression();
    request.accept();
  };
  EXPECT_FALSE(agreed_with({.compression = on}, {.compression = on}, refusing));
  ServerHandlers forcing = echoing();
  forcing.on_request = [](PendingRequest request) {
    Agreement agreement;
    agreement.deflate = DeflateParameters{};
    request.accept(std::move(agreement));
  };
  EXPECT_FALSE(agreed_with({}, {.compression = on}, forcing)) << "it is off";
}

TEST_P(Compressed, R122_what_inflates_to_too_much_ends_in_1009) {
  if (!deflate_available()) GTEST_SKIP() << "built without zlib";
  RunningServer server(echoing(), link(),
                       {.max_message_size = 100'000, .compression = DeflateOptions{}});
  auto client = create_connection(
      server.url(),
      {.timeout = 20s, .sslopt = link().for_client(), .compression = DeflateOptions{}});
  client.send(repetitive(100'001));
  try {
    (void)client.recv();
    FAIL() << "it came back";
  } catch (const WebSocketConnectionClosedException& closed) {
    EXPECT_EQ(closed.close_code(), CloseCode::message_too_big);
  }
}

TEST(Compression, options_out_of_range_are_refused_by_everybody) {
  if (!deflate_available()) GTEST_SKIP() << "built without zlib";
  const DeflateOptions bad{.send_window_bits = 16};
  WebSocketServer server({.compression = bad}, {});
  EXPECT_EQ(refusal_of([&] { return server.listen(); }).code, Errc::invalid_option);
  EXPECT_EQ(
      refusal_of([&] { return create_connection("ws://127.0.0.1:1/", {.compression = bad}); }).code,
      Errc::invalid_option);
  AppOptions options;
  options.compression = bad;
  WebSocketApp app("ws://127.0.0.1:1/", {}, options);
  EXPECT_EQ(refusal_of([&] { return app.run_forever(); }).code, Errc::invalid_option);
}

TEST(Compression, without_zlib_it_is_refused_by_everybody) {
  if (deflate_available()) GTEST_SKIP() << "built with zlib";
  WebSocketServer server({.compression = DeflateOptions{}}, {});
  EXPECT_EQ(refusal_of([&] { return server.listen(); }).code, Errc::compression_unavailable);
  EXPECT_EQ(refusal_of([&] {
              return create_connection("ws://127.0.0.1:1/", {.compression = DeflateOptions{}});
            }).code,
            Errc::compression_unavailable);
}

}  // namespace
}  // namespace wirespan::test
