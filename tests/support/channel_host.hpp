// channel_host.hpp - owns one Channel as an application does, and records its callbacks.
#pragma once

#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "support/conversation.hpp"
#include <wirespan/core/connection.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/net/channel_impl.hpp>

namespace wirespan::test {

/// Options that a test chooses for a channel.
struct HostOptions {
  ReceiveOptions receive{};
  net::SessionOptions channel{};
  const BlockSource* blocks = nullptr;  ///< Null: the loop's pool.
  MaskSource mask_source{};             ///< Unset: the loop's random source.
  /// The channel borrows its Connection from a ProtocolPool (protocol pool). Every test must hold
  /// with and without; WIRESPAN_TEST_RENEW in the environment turns it on.
  bool pooled = std::getenv("WIRESPAN_TEST_RENEW") != nullptr;
};

/// The owner of one Channel over a stream `S`. Its handler notes every callback as text in
/// `events`, then calls the hook of the same name, if set. When the channel ends, the host notes
/// how in `end` and hands the channel to the loop's deferred deletion; a callback after that fails
/// the test. The host must outlive the channel's last turn.
template <net::Stream S>
class ChannelHost {
 public:
  struct Handler {
    ChannelHost* host;
    void on_message(const Message& message) const { host->message(message); }
    void on_fragment(const Fragment& part) const {
      host->note(seen::fragment(part.opcode, part.payload, part.fin));
      host->call(host->on_fragment);
    }
    void on_ping(Bytes payload) const {
      host->note(seen::ping(payload));
      host->call(host->on_ping);
    }
    void on_pong(Bytes payload) const {
      host->note(seen::pong(payload));
      host->call(host->on_pong);
    }
    void on_ping_sent() const {
      host->note("ping sent");
      host->call(host->on_ping_sent);
    }
    void on_backlog(std::size_t unsent) const {
      host->live();
      host->backlogs.push_back(unsent);
      host->call(host->on_backlog);
    }
    void on_drained() const {
      host->note("drained");
      host->call(host->on_drained);
    }
    void on_dropped(std::size_t count) const { host->note("dropped " + std::to_string(count)); }
    void on_conflated(std::size_t) const { host->note("conflated"); }
    void on_end(const net::SessionEnd& how) const { host->ended_with(how); }
  };
  using Channel = net::Channel<S, Handler>;
  using Hook = std::function<void()>;

  ChannelHost(net::EventLoop& loop, S stream, Role role, HostOptions options = {})
      : loop_(loop), options_(std::move(options)) {
    const auto& source = options_.mask_source;
    const auto shared = std::make_shared<const ConnectionOptions>(ConnectionOptions{
        .receive = options_.receive,
        .mask_source = source.next == nullptr ? loop.random().mask_source() : source,
        .blocks = options_.blocks ? options_.blocks : &loop.buffers().source()});
    if (options_.pooled) options_.channel.connections = &pool.emplace(role, shared);
    fd_ = stream.fd();
    owner_ = std::make_unique<Channel>(loop, std::move(stream), Connection(role, shared),
                                       Handler{this}, options_.channel);
    channel_ = owner_.get();
  }
  ChannelHost(const ChannelHost&) = delete;
  ChannelHost& operator=(const ChannelHost&) = delete;

  void start(ByteVector unread = {}) { channel_->start(unread); }

  /// The channel. Valid until the end of the turn in which it ends.
  [[nodiscard]] Channel& channel() noexcept { return *channel_; }
  [[nodiscard]] Channel* operator->() noexcept { return channel_; }
  [[nodiscard]] bool ended() const noexcept { return end.has_value(); }
  [[nodiscard]] int fd() const noexcept { return fd_; }
  /// Destroys the channel before its end, as an owner may; on_end() is not called.
  void drop() { owner_.reset(); }

  /// Echoes every message from now on.
  void echo() {
    on_message = [this](const Message& message) {
      EXPECT_FALSE(channel_->send(message.opcode, message.payload));
    };
  }

  std::function<void(const Message&)> on_message;
  Hook on_fragment, on_ping, on_pong, on_ping_sent, on_backlog, on_drained, on_end;

  std::optional<net::ProtocolPool> pool;
  std::vector<std::string> events;  ///< Callbacks, in the words of `seen`; long messages by size.
  std::vector<std::size_t> backlogs;
  std::size_t messages = 0;
  std::optional<net::SessionEnd> end;

 private:
  void message(const Message& one) {
    ++messages;
    const bool is_short = one.payload.size() <= 256;
    if (messages <= 1000) {
      note(is_short ? (one.is_text() ? seen::text(one.payload) : seen::binary(one.payload))
                    : "message of " + std::to_string(one.payload.size()));
    }
    live();
    if (on_message) on_message(one);
  }

  void ended_with(const net::SessionEnd& how) {
    live();
    end = how;
    if (on_end) on_end();
    loop_.retire(std::move(owner_));
  }

  void note(std::string event) {
    live();
    events.push_back(std::move(event));
  }

  void live() const { EXPECT_FALSE(end.has_value()) << "called after on_end()"; }

  static void call(const Hook& hook) {
    if (hook) hook();
  }

  net::EventLoop& loop_;
  HostOptions options_;
  std::unique_ptr<Channel> owner_;
  Channel* channel_ = nullptr;
  int fd_ = -1;
};

}  // namespace wirespan::test
