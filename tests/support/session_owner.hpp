// session_owner.hpp - the owner of a net::Session for tests: it moves bytes and tells the time,
// without a socket and without a clock.
#pragma once

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "support/conversation.hpp"
#include <wirespan/net/buffer_pool.hpp>
#include <wirespan/net/secure_random.hpp>
#include <wirespan/net/session.hpp>

namespace wirespan::test {

/// The owner of a Session: it moves bytes and tells the time, and decides nothing.
class SessionOwner {
 public:
  explicit SessionOwner(Role role, net::SessionOptions options = {},
                        TimePoint begin = TimePoint(std::chrono::seconds(1000)))
      : now(begin),
        options_(std::move(options)),
        session(Connection(role, ConnectionOptions{.mask_source = random_.mask_source(),
                                                   .blocks = &pool_.source()}),
                options_, queues_, true, now) {}

  /// Takes at most `size` bytes of the session's output.
  [[nodiscard]] ByteVector take(std::size_t size) {
    ByteVector taken;
    const bool had_backlog = session.has_backlog();
    std::array<Bytes, 32> pieces;
    while (const std::size_t count = session.gather(pieces)) {
      std::size_t written = 0;
      std::size_t offered = 0;
      for (std::size_t i = 0; i < count; ++i) {
        const std::size_t here = std::min(pieces[i].size(), size - taken.size());
        taken.insert(taken.end(), pieces[i].begin(),
                     pieces[i].begin() + static_cast<std::ptrdiff_t>(here));
        written += here;
        offered += pieces[i].size();
      }
      session.wrote(written, 0, written == offered);
      if (written < offered) break;
    }
    (void)session.end_of_write(had_backlog);
    session.settle(now);
    return taken;
  }

  void give(ByteVector bytes) {
    if (bytes.empty() || !session.wants_input()) return;
    for (std::size_t done = 0; done < bytes.size();) {
      const MutableBytes window = session.receive_window(std::span(bytes).subspan(done));
      const std::size_t size = std::min(window.size(), bytes.size() - done);
      std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(done), size, window.begin());
      done += size;
      session.received(window.first(size), now, done == bytes.size());
      digest();
    }
  }

  void digest() {
    for (Event event = session.next(); !std::holds_alternative<NeedInput>(event);
         event = session.next()) {
      if (const auto* message = std::get_if<Message>(&event)) {
        seen_by_owner.push_back(seen::text(message->payload));
        if (echoes) (void)session.send(message->opcode, message->payload);
      }
      pings += std::holds_alternative<Ping>(event) ? 1 : 0;
    }
    session.settle(now);
    session.end_turn();
  }

  TimePoint now;
  std::vector<std::string> seen_by_owner;  ///< Messages.
  bool echoes = false;                     ///< Each message is sent back.
  int pings = 0;                           ///< Received.

 private:
  net::BufferPool pool_;
  net::WriteQueuePool queues_{pool_.source()};
  net::SecureRandom random_{net::system_network()};
  net::SessionOptions options_;

 public:
  net::Session session;
};

}  // namespace wirespan::test
