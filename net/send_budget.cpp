// send_budget.cpp - the account of a loop's unsent bytes, and the choice of the session that is
// ended for overdrawing it.
#include <algorithm>
#include <utility>

#include <wirespan/net/send_budget.hpp>
#include <wirespan/net/session.hpp>

namespace wirespan::net {

void SendBudget::add_debtor(Session& session, void* owner, Wake wake) {
  (void)session.rare();  // allocates the index, so that remove_debtor() needs no memory
  debtors_.push_back({.session = &session, .owner = owner, .wake = wake});
  session.rare().debt = static_cast<std::uint32_t>(debtors_.size() - 1);
}

/// Moves the last debtor into the freed slot.
void SendBudget::remove_debtor(Session& session) noexcept {
  const std::uint32_t place = session.rare_->debt;
  debtors_[place] = debtors_.back();
  debtors_[place].session->rare_->debt = place;
  debtors_.pop_back();
  session.rare_->debt = Session::no_debt;
}

bool SendBudget::collect(const Session& creditor, std::size_t size) {
  const auto fits = [&] { return used <= limit && size <= limit - used; };
  while (!fits()) {
    const auto owes_less = [](const Debtor& a, const Debtor& b) {
      return a.session->held_bytes() < b.session->held_bytes();
    };
    const auto largest = std::max_element(debtors_.begin(), debtors_.end(), owes_less);
    if (largest == debtors_.end() || largest->session == &creditor) return false;
    const Debtor payer = *largest;
    payer.session->pay();  // removes it from debtors_
    payer.wake(payer.owner);
  }
  return true;
}

}  // namespace wirespan::net
