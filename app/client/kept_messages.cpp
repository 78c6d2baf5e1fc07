// kept_messages.cpp - KeptMessages: copies in order, replaced by their keys, dropped when old.
#include <iterator>
#include <utility>

#include <wirespan/app/client/kept_messages.hpp>

namespace wirespan {

void KeptMessages::push(const Message& message) {
  Entries one;
  one.push_back({.opcode = message.opcode,
                 .compress = message.compress,
                 .payload = {message.payload.begin(), message.payload.end()},
                 .key = std::string(message.key)});
  if (!message.key.empty()) by_key_.emplace(one.front().key, one.begin());
  entries_.splice(entries_.end(), one);
  payload_ += message.payload.size();
  held_ += held_by(message);
}

bool KeptMessages::replace(const Message& message) {
  const auto found = message.key.empty() ? by_key_.end() : by_key_.find(message.key);
  if (found == by_key_.end()) return false;
  Entry& entry = *found->second;
  std::vector<std::byte> payload(message.payload.begin(), message.payload.end());
  payload_ += payload.size() - entry.payload.size();  // modulo 2^64, so this subtracts, too
  held_ += payload.size() - entry.payload.size();
  entry.payload = std::move(payload);
  entry.opcode = message.opcode;
  entry.compress = message.compress;
  return true;
}

KeptMessages::Message KeptMessages::begin_front() {
  const Entries::iterator first = entries_.begin();
  const auto found = by_key_.find(first->key);
  if (found != by_key_.end() && found->second == first) by_key_.erase(found);
  is_lent_ = true;
  return first->view();
}

void KeptMessages::pop() noexcept {
  is_lent_ = false;
  remove(entries_.begin());
}

bool KeptMessages::drop_oldest() noexcept {
  const Entries::iterator oldest = is_lent_ ? std::next(entries_.begin()) : entries_.begin();
  if (oldest == entries_.end()) return false;
  remove(oldest);
  return true;
}

void KeptMessages::remove(Entries::iterator entry) noexcept {
  payload_ -= entry->payload.size();
  held_ -= held_by(entry->view());
  const auto found = by_key_.find(entry->key);
  if (found != by_key_.end() && found->second == entry) by_key_.erase(found);
  entries_.erase(entry);
}

void KeptMessages::clear() noexcept {
  by_key_.clear();
  entries_.clear();
  payload_ = held_ = 0;
  is_lent_ = false;
}

}  // namespace wirespan
