// conversation.hpp - a Connection and a driver for it, without a network: bytes in, a list of owned
// events and a list of sent frames out.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/every_cut.hpp"
#include "support/fail_after.hpp"
#include "support/frames.hpp"
#include "support/hex.hpp"
#include <wirespan/core/connection.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/core/permessage_deflate.hpp>

namespace wirespan::test {

/// Returns an event as text, so that a list of events is readable in a table and in a report.
[[nodiscard]] std::string describe(const Event& event);

// Texts that describe() returns for the events that a test expects.
namespace seen {
[[nodiscard]] std::string text(std::string_view payload);
[[nodiscard]] std::string text(Bytes payload);
[[nodiscard]] std::string binary(Bytes payload);
[[nodiscard]] std::string fragment(Opcode opcode, Bytes payload, bool fin);
[[nodiscard]] std::string ping(Bytes payload);
[[nodiscard]] std::string pong(Bytes payload);
[[nodiscard]] std::string close(unsigned code, std::string_view reason = {});
[[nodiscard]] std::string close_without_code();
[[nodiscard]] std::string failed(Errc error);
}  // namespace seen

/// Where the driver reads to.
enum class Reading {
  into_shared_buffer,  ///< Ignores receive_window(); each piece is a block that is freed at once.
  into_window,         ///< Reads into the buffer that receive_window() returns.
};

/// Options for one conversation.
struct ConversationOptions {
  ReceiveOptions receive{};
  bool validate_sent_text = true;
  FailAfter* fail_blocks = nullptr;
  FailAfter* fail_keys = nullptr;
  std::optional<DeflateOptions> deflate{};
  DeflateParameters agreed{};  ///< Used only if `deflate` is set.
};

/// Owns a Connection, feeds it, and keeps all its events and all its output. With
/// WIRESPAN_TEST_RENEW in the environment it replaces the connection by a new one wherever
/// is_like_new() is true: the replacement must be invisible, so each test holds either way.
class Conversation {
 public:
  explicit Conversation(Role role, const ConversationOptions& options = {});

  /// Feeds one piece, in a heap block of exactly its size that is freed afterwards, and collects
  /// the events.
  void receive(Bytes piece, Reading reading = Reading::into_shared_buffer);
  /// The same for bytes as a server sends them, unmasked: they are masked if the connection is a
  /// server.
  void receive_from_peer(Bytes unmasked_wire);
  void end_of_stream();
  /// Calls next() until it returns NeedInput.
  void collect_events();

  [[nodiscard]] Connection& connection() noexcept { return connection_; }
  [[nodiscard]] const std::vector<std::string>& events() const noexcept { return events_; }
  [[nodiscard]] const CountingBlocks& blocks() const noexcept { return blocks_; }
  /// Null without compression.
  [[nodiscard]] const std::shared_ptr<DeflatePool>& pool() const noexcept { return pool_; }
  /// Takes the output from the connection and returns all output so far, as it stands on the wire.
  [[nodiscard]] const ByteVector& wire();
  /// Returns the same as frames. Fails the test if they are not whole or not legal.
  [[nodiscard]] std::vector<WireFrame> sent_frames();
  /// Returns the same as texts, by describe().
  [[nodiscard]] std::vector<std::string> sent();

 private:
  void renew();
  void read_into_window(Bytes piece);

  CountingKeys keys_;
  CountingBlocks blocks_;
  std::shared_ptr<DeflatePool> pool_;
  Connection connection_;
  std::vector<std::string> events_;
  ByteVector wire_;
};

}  // namespace wirespan::test
