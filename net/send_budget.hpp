// send_budget.hpp - the limit for unsent bytes of all sessions of one loop.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <wirespan/core/limits.hpp>

namespace wirespan::net {

class Session;

/// One account of unsent bytes for all sessions of a loop, per-message overhead included. It bounds
/// the memory that a crowd of slow readers can hold. When it is spent, a session above its fair
/// share (the limit divided by the number of debtors) is refused; for a session below it, the
/// largest debtor makes room: it is ended with Errc::overflow_closed. Owned by the owner of the
/// sessions, which it must outlive. Not thread-safe.
class SendBudget {
 public:
  /// Tells the owner of a session that collect() has ended it.
  using Wake = void (*)(void* owner);

  /// `most`: the limit, in bytes.
  explicit SendBudget(std::size_t most = limits::loop_send_budget) noexcept : limit(most) {}

  /// Bytes held at present.
  std::size_t used = 0;
  /// Limit in bytes. A single message above it is refused. All sessions together hold at most this
  /// and one message.
  std::size_t limit;

  /// True if more is held than the limit.
  [[nodiscard]] bool overdrawn() const noexcept { return used > limit; }
  /// Adds a session with a backlog to the debtors; it remains one until the kernel has taken all of
  /// its output. `wake(owner)` is called when collect() has ended the session: the owner should
  /// note that and attend to it later, not within the call. Throws std::bad_alloc.
  void add_debtor(Session& session, void* owner, Wake wake);
  /// It is no debtor any more.
  void remove_debtor(Session& session) noexcept;
  /// Ends the debtors with the most held bytes, one by one, until `size` more bytes fit. True if
  /// they do; false if there is no debtor left or `creditor` is the largest.
  bool collect(const Session& creditor, std::size_t size);
  /// Sessions with a backlog, and the share of the limit that each of them may use.
  [[nodiscard]] std::size_t debtors() const noexcept { return debtors_.size(); }
  [[nodiscard]] std::size_t fair_share() const noexcept {
    return debtors_.empty() ? limit : limit / debtors_.size();
  }

 private:
  struct Debtor {
    Session* session = nullptr;
    void* owner = nullptr;
    Wake wake = nullptr;
  };

  std::vector<Debtor> debtors_;
};

}  // namespace wirespan::net
