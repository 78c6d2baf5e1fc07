// conversation.hpp - a Connection and its driver, without a network: bytes in, a list of owned
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

/// Events as text, so that a list of them is readable in a table and in a report.
[[nodiscard]] std::string describe(const Event& event);

// What describe() makes of the events that a test expects.
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

/// How the driver reads.
enum class Reading {
  into_shared_buffer,  ///< It never asks for a window; each piece is a block that is freed at once.
  into_window,         ///< It reads where receive_window() says.
};

/// Options for one conversation.
struct ConversationOptions {
  ReceiveOptions receive{};
  bool validate_sent_text = true;
  FailAfter* fail_blocks = nullptr;
  FailAfter* fail_keys = nullptr;
  std::optional<DeflateOptions> deflate{};
  DeflateParameters agreed{};  ///< Counts if `deflate` is set.
};

/// With WIRESPAN_TEST_RENEW in the environment it takes a new connection wherever the old one
/// claims to be like new: nobody may be able to tell, so each test holds either way.
class Conversation {
 public:
  explicit Conversation(Role role, const ConversationOptions& options = {});

  /// Feeds one piece, in a heap block of its size that is gone afterwards, and collects the events.
  void receive(Bytes piece, Reading reading = Reading::into_shared_buffer);
  /// The same for bytes that are written as a server sends them: a server gets them masked.
  void receive_from_peer(Bytes unmasked_wire);
  void end_of_stream();
  /// Calls next() until NeedInput.
  void collect_events();

  [[nodiscard]] Connection& connection() noexcept { return connection_; }
  [[nodiscard]] const std::vector<std::string>& events() const noexcept { return events_; }
  [[nodiscard]] const CountingBlocks& blocks() const noexcept { return blocks_; }
  /// Null without compression.
  [[nodiscard]] const std::shared_ptr<DeflatePool>& pool() const noexcept { return pool_; }
  /// All output so far, as it stands on the wire. Takes it from the connection.
  [[nodiscard]] const ByteVector& wire();
  /// The same as frames. Fails the test if they are not whole or not legal.
  [[nodiscard]] std::vector<WireFrame> sent_frames();
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
