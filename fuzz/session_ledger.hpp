// session_ledger.hpp - the account of a session's output: each frame from the call that appends it
// to the write that takes it, or to the drop that removes it. RFC 6455 §5, §7.
#pragma once

#include "output_checker.hpp"
#include "sent_frames.hpp"
#include <wirespan/net/session.hpp>

namespace wirespan::fuzz {

/// A message that the owner asks the session to send.
struct Request {
  Opcode opcode = Opcode::binary;
  OwnedBytes payload{};
  bool fin = true;
  std::string key{};
  bool may_be_compressed = false;
  Bytes borrowed{};  ///< Where the payload lies, for zero-copy echo; empty: in `payload`.
};

/// Follows the output of one session. The owner calls one of the after_...() functions after each
/// call of the session, and the ledger compares the unsent output with that before the call:
///
/// - an accepted message is at the end, unchanged, or in the place of one with the same key;
/// - only whole messages that are untouched go away, as many as are counted as dropped;
/// - a refused message changes nothing, but for want of room or of a mask key older ones may be
///   dropped in vain;
/// - every other call appends control frames at most;
/// - a Close is the last frame, and there is one at most.
///
/// So an accepted message that is not dropped leaves unchanged, once and in order, and the bytes
/// that were accepted are those written, dropped, replaced, lost or unsent.
class SessionLedger {
 public:
  SessionLedger(const net::Session& session, Role role) : session_(session), checker_(role, true) {
    checker_.allow_compression();
  }

  /// After a call that may append control frames and nothing else.
  void after_call();
  /// After a send with its result, and the counts that the session has told since the last one.
  void after_send(const Request& request, std::error_code error, std::size_t dropped,
                  std::size_t conflated);
  /// Before `size` bytes are taken off the front of the output.
  void before_write(std::size_t size);
  /// The first `size` unsent bytes are needed again unchanged, until the next write.
  void pin(std::size_t size) noexcept { pinned_ = size; }

  [[nodiscard]] std::size_t unsent() const noexcept { return accepted_ - written_ - removed_; }
  [[nodiscard]] std::size_t closes() const noexcept { return closes_; }
  /// The bytes that were looked at so far; a frame counts as a hundred of them.
  [[nodiscard]] std::size_t looked_at() const noexcept { return looked_at_; }

 private:
  using Frames = std::vector<SentFrame>;

  [[nodiscard]] bool has_changed();
  [[nodiscard]] Frames frames();
  [[nodiscard]] std::size_t match(Frames& now, const Request* request, bool& replaces);
  void remove(const SentFrame& frame, std::size_t offset);
  void accept(const SentFrame& frame);
  [[nodiscard]] bool is_the_same(const SentFrame& frame, const Request& request) const;

  const net::Session& session_;
  OutputChecker checker_;
  std::vector<Bytes> pieces_;
  std::size_t looked_at_ = 0;
  OwnedBytes latest_;   // the unsent output after the latest call
  Frames waiting_;      // the first one may be written in part
  OwnedBytes partial_;  // bytes of it that were written
  std::size_t accepted_ = 0;
  std::size_t written_ = 0;
  std::size_t removed_ = 0;
  std::size_t pinned_ = 0;
  std::size_t closes_ = 0;
};

}  // namespace wirespan::fuzz
