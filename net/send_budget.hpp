// send_budget.hpp - the unsent bytes of all sessions of one loop, and who answers for too many.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <wirespan/core/limits.hpp>

namespace wirespan::net {

class Session;

/// One account for all sessions of a loop: bytes as they are held, per-message overhead included.
/// When it is spent, a session above its fair share (the limit divided by the debtors) is refused.
/// A session below it is served, and the one that owes the most pays: it is over with
/// Errc::overflow_closed. Not thread-safe; must outlive the sessions that use it.
class SendBudget {
 public:
  using Wake = void (*)(void* owner);

  explicit SendBudget(std::size_t most = limits::loop_send_budget) noexcept : limit(most) {}

  /// Bytes that are held now.
  std::size_t used = 0;
  /// A single message above it is refused. Together the sessions hold at most this and one message.
  std::size_t limit;

  [[nodiscard]] bool overdrawn() const noexcept { return used > limit; }
  /// A session whose output the kernel has refused is a debtor until all of it has left. `wake` is
  /// called when it was made to pay, so that its owner attends to it later, not within the call.
  /// Throws std::bad_alloc.
  void add_debtor(Session& session, void* owner, Wake wake);
  void remove_debtor(Session& session) noexcept;
  /// Ends the sessions that owe the most, `creditor` excepted, until `size` bytes more fit; true if
  /// they do.
  bool collect(const Session& creditor, std::size_t size);
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
