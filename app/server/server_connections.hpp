// server_connections.hpp - the open connections of one loop of a server. Private.
#pragma once

#include <any>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>

#include <wirespan/app/common/compression.hpp>
#include <wirespan/app/common/transport.hpp>
#include <wirespan/app/server/acceptor.hpp>
#include <wirespan/app/server/connection_table.hpp>
#include <wirespan/app/server/server_counters.hpp>
#include <wirespan/app/server/server_hub.hpp>
#include <wirespan/app/server/server_shared.hpp>
#include <wirespan/app/server/topics.hpp>
#include <wirespan/core/connection.hpp>
#include <wirespan/core/published_frame.hpp>
#include <wirespan/net/channel.hpp>
#include <wirespan/net/event_loop.hpp>
#include <wirespan/net/heap_trim.hpp>
#include <wirespan/net/protocol_pool.hpp>

namespace wirespan {

/// The open connections of one loop, from the end of the opening handshake to on_close: carries out
/// the calls of handles and passes the events of channels to the handlers. ServerWorker owns it; it
/// owns the channels, in a table of slots, and retires one (deferred deletion) when it ends. A
/// handler that throws fails its connection with Errc::handler_failed; std::bad_alloc aborts the
/// connection that it happens to, and no other.
///
/// Fast path: handles reach it through the hub, channels call it directly, so no virtual call, lock
/// or look-up by hash is on the way of a message. The loop's thread only, but for open_count().
class ServerConnections final : public OutboxPort {
 public:
  ServerConnections(ServerShared& shared, net::EventLoop& loop, ServerHub& hub,
                    ServerCounters& counters);
  ServerConnections(const ServerConnections&) = delete;
  ServerConnections& operator=(const ServerConnections&) = delete;

  /// Makes a channel in a slot and calls on_open. Throws std::bad_alloc, and then nothing is open.
  void open(AcceptedConnection accepted);
  /// Fan-out: sends the frame, which was encoded once, to every subscriber of the topic but one.
  void deliver(std::string_view topic, const PublishedFrame::Ptr& frame,
               const ServerConnection& except);
  /// Calls `call` with each open connection. An exception is treated as one of a handler.
  void for_each(const std::function<void(const ServerConnection&)>& call);
  /// Subscribers of the topic. Any thread.
  [[nodiscard]] std::size_t subscriber_count(std::string_view topic) const {
    return topics_.count(topic);
  }
  [[nodiscard]] Compression& compression() noexcept { return compression_; }
  /// Open connections. Any thread.
  [[nodiscard]] std::size_t open_count() const noexcept { return open_count_.get(); }

  /// Sends the messages that other threads have put into outboxes.
  void drain_outboxes() noexcept override;

  // For ServerStopping and ServerWorker, which end all connections.

  /// Slots that exist, free ones included.
  [[nodiscard]] std::uint32_t slots() const noexcept { return table_.size(); }
  /// Starts a closing handshake of at most `time`. False if the slot is not open.
  bool close_slot(std::uint32_t slot, CloseCode code, std::string_view reason,
                  std::chrono::milliseconds time, AfterClose after) noexcept;
  void abort_all(std::error_code error) noexcept;

  // For handles, as the functions of ServerConnection with these names. Errc::not_open, 0 or null
  // if the connection of the key is not open.

  [[nodiscard]] SendResult send(ConnectionKey key, Opcode opcode, Bytes payload, Compress compress);
  [[nodiscard]] std::error_code close(ConnectionKey key, CloseCode code, std::string_view reason);
  [[nodiscard]] std::error_code abort(ConnectionKey key);
  [[nodiscard]] std::error_code set_reading(ConnectionKey key, bool on);
  [[nodiscard]] std::error_code subscribe(ConnectionKey key, std::string_view topic);
  [[nodiscard]] std::error_code unsubscribe(ConnectionKey key, std::string_view topic);
  [[nodiscard]] bool is_subscribed(ConnectionKey key, std::string_view topic) noexcept;
  [[nodiscard]] std::size_t buffered_amount(ConnectionKey key);
  [[nodiscard]] std::optional<net::ReceiveTime> received_at(ConnectionKey key);
  [[nodiscard]] std::any* user_data(ConnectionKey key);
  /// The kept objects of the connection; null if there are none.
  [[nodiscard]] const KeptWithConnection* kept(ConnectionKey key) noexcept;
  [[nodiscard]] std::optional<net::Endpoint> local_endpoint(ConnectionKey key);
  [[nodiscard]] std::string tls_description(ConnectionKey key);
  void run_task(const ServerConnection& self,
                const std::function<void(const ServerConnection&)>& task);

 private:
  /// The channel's handler, as large as a handle: passes the channel's events to its owner.
  struct ChannelHandler {
    ServerConnection self;

    [[nodiscard]] std::uint32_t generation() const noexcept { return self.key_.generation; }
    [[nodiscard]] ServerConnections& owner() const noexcept { return *self.hub_->connections(); }
    void on_message(const Message& message) const { owner().on_message(self, message); }
    void on_fragment(const Fragment& fragment) const { owner().on_fragment(self, fragment); }
    void on_ping(Bytes payload) const { owner().on_ping(self, payload); }
    void on_pong(Bytes payload) const { owner().on_pong(self, payload); }
    void on_ping_sent() const {}
    void on_backlog(std::size_t unsent) const { owner().on_backlog(self.key_, unsent); }
    void on_drained() const { owner().on_drain(self); }
    void on_bytes_read(std::size_t size) const { owner().counters_.bytes_in.add(size); }
    void on_bytes_written(std::size_t size) const { owner().on_written(self.key_, size); }
    void on_dropped(std::size_t count) const { owner().counters_.refused.dropped.add(count); }
    void on_conflated(std::size_t count) const { owner().counters_.conflated.add(count); }
    // A copy, because the channel and its handler may be destroyed inside the call.
    void on_end(const net::SessionEnd& end) const {
      const ServerConnection copy = self;
      copy.hub_->connections()->on_end(copy, end);
    }
  };
  using ServerChannel = net::Channel<Transport, ChannelHandler>;

  void on_message(const ServerConnection& self, const Message& message);
  void on_fragment(const ServerConnection& self, const Fragment& fragment);
  void on_ping(const ServerConnection& self, Bytes payload);
  void on_pong(const ServerConnection& self, Bytes payload);
  void on_backlog(ConnectionKey key, std::size_t unsent);
  void on_written(ConnectionKey key, std::size_t size);
  void on_drain(const ServerConnection& self);
  void on_end(const ServerConnection& self, const net::SessionEnd& end) noexcept;

  /// Drains the connection's outbox before the loop itself sends to it: messages that were accepted
  /// from other threads keep their place, and the loop's admission knows them. One relaxed load if
  /// no outbox of the loop has any.
  void drain_before_send(ServerChannel& channel) noexcept {
    if (hub_.remote().has_listed()) drain_outbox(channel, net::Remote::Look::early);
  }
  [[gnu::noinline]] void drain_outbox(ServerChannel& channel, net::Remote::Look look) noexcept;
  [[nodiscard]] std::error_code send_granted(ServerChannel& channel,
                                             const net::MessageLog::Message& message);
  [[nodiscard]] bool reports_early(const ServerChannel& channel) const noexcept;
  void report_unsent(ServerChannel& channel);
  [[gnu::noinline]] void count_refused(std::error_code error);
  [[nodiscard]] bool is_ending(ConnectionKey key) const noexcept {
    return ending_ != nullptr && *ending_ == key;
  }
  /// Calls a handler; an exception fails the connection.
  template <class Call>
  void guarded(const ServerConnection& self, Call call) noexcept {
    try {
      call();
    } catch (...) {
      handler_has_thrown(self);
    }
  }
  [[gnu::noinline]] void handler_has_thrown(const ServerConnection& self) noexcept;
  /// Runs a step for one connection among many; std::bad_alloc aborts that connection alone, and
  /// only after the caller's loop over many: on_close may change who is subscribed.
  template <class Step>
  void or_abort(ServerChannel& channel, Step step) noexcept;

  const ServerHandlers& handlers_;
  HandlerFailureLines& failure_lines_;
  ServerAdmission& admission_;
  net::EventLoop& loop_;
  ServerHub& hub_;
  ServerCounters& counters_;
  Compression compression_;
  net::SendBudget budget_;
  net::SessionOptions session_options_;
  std::shared_ptr<const ConnectionOptions> connection_options_;
  std::optional<net::ProtocolPool> protocol_pool_;  // protocol pool of the channels
  ConnectionTable<ServerChannel> table_;
  Topics topics_;
  Counter open_count_;
  net::HeapTrim trim_;
  // Key of the connection whose on_close is running, null outside of one. user_data() still finds
  // that connection, and buffered_amount() returns lost_bytes_ for it.
  const ConnectionKey* ending_ = nullptr;
  std::size_t lost_bytes_ = 0;
  AfterClose after_close_;
};

}  // namespace wirespan
