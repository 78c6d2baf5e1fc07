// kept_messages.hpp - messages that a client keeps while it has no connection. Private.
#pragma once

#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <wirespan/core/bytes.hpp>
#include <wirespan/net/outbox.hpp>

namespace wirespan {

/// A queue of copied messages, first in, first out, with conflation: a message replaces one that
/// has the same key, in its place. Not thread-safe; the Shared of an app owns it. The oldest
/// message may be borrowed by begin_front(), and is then neither replaced nor dropped until pop()
/// or end_front().
class KeptMessages {
 public:
  using Message = net::MessageLog::Message;
  /// Bytes counted for a message beside its payload and its key.
  static constexpr std::size_t overhead = 128;
  [[nodiscard]] static std::size_t held_by(const Message& message) noexcept {
    return message.payload.size() + message.key.size() + overhead;
  }

  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
  /// Bytes of payload, and bytes counted with keys and overhead.
  [[nodiscard]] std::size_t payload() const noexcept { return payload_; }
  [[nodiscard]] std::size_t held() const noexcept { return held_; }

  /// Appends a copy. Requires held_for(message.key) == 0. Throws std::bad_alloc, and then nothing
  /// has changed.
  void push(const Message& message);
  /// Replaces the message with the same key; false if there is none. Throws std::bad_alloc, and
  /// then nothing has changed.
  [[nodiscard]] bool replace(const Message& message);
  /// Returns the bytes counted for the message that replace() would replace; 0 if there is none.
  [[nodiscard]] std::size_t held_for(std::string_view key) const noexcept {
    const auto found = key.empty() ? by_key_.end() : by_key_.find(key);
    return found == by_key_.end() ? 0 : held_by(found->second->view());
  }
  /// Lends the oldest message. Requires !empty().
  [[nodiscard]] Message begin_front();
  void end_front() noexcept { is_lent_ = false; }
  /// Removes the oldest message. Requires !empty().
  void pop() noexcept;
  /// Drops the oldest message that is not borrowed; false if there is none.
  [[nodiscard]] bool drop_oldest() noexcept;
  void clear() noexcept;

 private:
  struct Entry {
    Opcode opcode = Opcode::text;
    Compress compress = Compress::if_agreed;
    std::vector<std::byte> payload;
    std::string key;

    [[nodiscard]] Message view() const noexcept {
      return {.opcode = opcode, .compress = compress, .payload = payload, .key = key};
    }
  };
  using Entries = std::list<Entry>;

  void remove(Entries::iterator entry) noexcept;

  // An entry of by_key_ points at the message with its key; the key lies in that message.
  Entries entries_;
  std::unordered_map<std::string_view, Entries::iterator> by_key_;
  std::size_t payload_ = 0;
  std::size_t held_ = 0;
  bool is_lent_ = false;  // the oldest message is borrowed; by_key_ does not name it
};

}  // namespace wirespan
