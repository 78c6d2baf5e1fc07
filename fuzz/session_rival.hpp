// session_rival.hpp - a second session on the same send budget, whose peer never reads.
#pragma once

#include "fuzz_input.hpp"
#include <wirespan/net/session.hpp>

namespace wirespan::fuzz {

/// Competes with the session under test for the send budget: either may have to pay for the other.
class SessionRival {
 public:
  SessionRival(net::SendBudget* budget, net::WriteQueuePool& queues, TimePoint now)
      : options_{.send_hard_limit = 1000, .budget = budget},
        session_(Connection(Role::server, ConnectionOptions{}), options_, queues, true, now) {}

  void send(Bytes payload) {
    (void)session_.send(Opcode::binary, payload);
    const bool had_backlog = session_.has_backlog();
    (void)session_.end_of_write(had_backlog);
    session_.note_debt(this, [](void* self) { static_cast<SessionRival*>(self)->paid_ = true; });
    session_.collect_debts();
    require(paid_ == session_.over(), "a session that has paid is over");
  }

  void check_budget(const net::Session& other) const {
    require(options_.budget->used == session_.held_bytes() + other.held_bytes(),
            "the budget is what its sessions hold");
  }

 private:
  net::SessionOptions options_;
  net::Session session_;
  bool paid_ = false;
};

}  // namespace wirespan::fuzz
