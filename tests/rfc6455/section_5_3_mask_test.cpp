// RFC 6455 §5.3: the masking key and its effect on a payload.
#include "support/wire_case.hpp"

namespace wirespan::test {
namespace {

/// The definition of §5.3: octet i of the payload is XORed with octet i mod 4 of the key.
ByteVector masked_by_definition(Bytes payload, MaskKey key) {
  ByteVector out(payload.size());
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = payload[i] ^ key[i % 4];
  return out;
}

/// Returns a masked binary frame of up to 125 bytes.
ByteVector masked_frame(Bytes payload, MaskKey key) {
  ByteVector wire{std::byte{0x82}, static_cast<std::byte>(0x80 | payload.size())};
  wire.insert(wire.end(), key.begin(), key.end());
  return join({wire, masked_by_definition(payload, key)});
}

TEST(Section5_3, R88_every_short_length_cut_at_every_offset) {
  const MaskKey key = CountingKeys::key(1);
  for (std::size_t size = 0; size <= 40; ++size) {
    const ByteVector payload = pattern_bytes(size);
    const ByteVector wire = masked_frame(payload, key);
    for (const Reading reading : {Reading::into_shared_buffer, Reading::into_window}) {
      for_every_chopping(wire, [&](const Chopping& chopping) {
        Conversation server(Role::server);
        for (const Bytes piece : chopping.pieces) server.receive(piece, reading);
        ASSERT_EQ(server.events(), std::vector{seen::binary(payload)})
            << size << " bytes, " << chopping.name;
      });
    }
  }
}

TEST(Section5_3, R88_the_phase_starts_anew_with_every_frame) {
  const MaskKey one = CountingKeys::key(1);
  const MaskKey two = CountingKeys::key(2);
  const ByteVector wire = join({masked_frame("010203"_hex, one), masked_frame("040506"_hex, two)});
  for_every_chopping(wire, [&](const Chopping& chopping) {
    Conversation server(Role::server);
    for (const Bytes piece : chopping.pieces) server.receive(piece);
    EXPECT_EQ(server.events(),
              (std::vector{seen::binary("010203"_hex), seen::binary("040506"_hex)}));
  });
}

TEST(Section5_3, R88_masking_does_not_change_the_length) {
  for (const std::size_t size : {0U, 1U, 3U, 4U, 5U, 125U, 126U, 1000U, 65'536U}) {
    Conversation client(Role::client);
    const ByteVector payload = pattern_bytes(size);
    ASSERT_FALSE(client.connection().send(Opcode::binary, payload));
    const std::size_t head = size < 126 ? 2 : size < 65'536 ? 4 : 10;
    EXPECT_EQ(client.wire().size(), head + 4 + size);
    ASSERT_EQ(client.sent_frames().size(), 1U);
    EXPECT_EQ(client.sent_frames()[0].payload, payload);
  }
}

TEST(Section5_3, R87_each_frame_gets_a_key_of_its_own_from_the_source) {
  Conversation client(Role::client);
  Connection& connection = client.connection();
  ASSERT_FALSE(connection.send(Opcode::text, bytes_of("same")));
  ASSERT_FALSE(connection.send(Opcode::text, bytes_of("same")));
  ASSERT_FALSE(connection.send(Opcode::binary, {}, false));
  ASSERT_FALSE(connection.send(Opcode::continuation, {}));
  ASSERT_FALSE(connection.ping());
  client.receive("89 00"_hex);
  ASSERT_FALSE(connection.close());
  const auto frames = client.sent_frames();
  ASSERT_EQ(frames.size(), 7U);
  for (unsigned i = 0; i < frames.size(); ++i) {
    EXPECT_EQ(frames[i].key, CountingKeys::key(i + 1)) << i;
  }
}

TEST(Section5_3, R87_without_a_key_no_frame_leaves) {
  FailAfter fail(0);
  Conversation client(Role::client, {.fail_keys = &fail});
  EXPECT_EQ(client.connection().send(Opcode::text, bytes_of("secret")), Errc::no_mask_key);
  EXPECT_TRUE(client.wire().empty());
  EXPECT_FALSE(client.connection().send(Opcode::text, bytes_of("secret")));
  EXPECT_EQ(client.sent(), std::vector<std::string>{"text \"secret\""});
}

TEST(Section5_3, R87_a_client_without_a_source_of_keys_sends_nothing) {
  Connection connection(Role::client, ConnectionOptions{});
  EXPECT_EQ(connection.send(Opcode::text, bytes_of("x")), Errc::no_mask_key);
  EXPECT_EQ(connection.ping(), Errc::no_mask_key);
  EXPECT_EQ(connection.close(), Errc::no_mask_key);
  EXPECT_TRUE(connection.output().empty());
  EXPECT_EQ(connection.state(), State::open);
}

TEST(Section5_3, R87_a_server_asks_for_no_key) {
  FailAfter fail(0);
  Conversation server(Role::server, {.fail_keys = &fail});
  EXPECT_FALSE(server.connection().send(Opcode::text, bytes_of("plain")));
  EXPECT_FALSE(fail.spent());
}

/// Valid text looks invalid when masked, and invalid text may look valid: only the unmasked payload
/// is checked.
TEST(Section5_3, R121_the_mask_is_removed_before_anything_looks_at_the_payload) {
  const struct {
    ByteVector wire;
    std::string event;
  } rows[] = {
      {"81 82 ffffffff 9796"_hex, seen::text("hi")},                       // 97 96 is not UTF-8
      {"81 82 ff000000 6869"_hex, seen::failed(Errc::invalid_utf8)},       // 68 69 is
      {"88 82 ffffffff fc17"_hex, seen::close(1000)},                      // fc17 is no code
      {"88 82 000c0000 03e8"_hex, seen::failed(Errc::invalid_close_code)}  // 03e8 is one
  };
  for (const auto& row : rows) {
    for_every_chopping(row.wire, [&](const Chopping& chopping) {
      Conversation server(Role::server);
      for (const Bytes piece : chopping.pieces) server.receive(piece);
      EXPECT_EQ(server.events(), std::vector{row.event}) << to_hex(row.wire);
    });
  }
}

}  // namespace
}  // namespace wirespan::test
