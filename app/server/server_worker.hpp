// server_worker.hpp - one loop of a server and the connections that live on it. Private.
#pragma once

#include <any>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <wirespan/app/common/compression.hpp>
#include <wirespan/app/common/transport.hpp>
#include <wirespan/app/server/acceptor.hpp>
#include <wirespan/app/server/pending_request.hpp>
#include <wirespan/app/server/server_counters.hpp>
#include <wirespan/app/server/server_hub.hpp>
#include <wirespan/app/server/server_listener.hpp>
#include <wirespan/app/server/stable_table.hpp>
#include <wirespan/app/server/topics.hpp>
#include <wirespan/app/websocket_server.hpp>
#include <wirespan/core/connection.hpp>
#include <wirespan/core/published_frame.hpp>
#include <wirespan/net/channel.hpp>
#include <wirespan/net/connection_pool.hpp>
#include <wirespan/net/event_loop.hpp>

namespace wirespan {

class ServerImpl;

/// Connections that have not been told yet that the server stops.
struct ServerStopping {
  StopOptions options;
  TimePoint begin;
  TimePoint cut_at;
  std::vector<ServerConnection> untold;
  std::size_t total = 0;
};

/// Everything but the static functions belongs to the loop's thread.
class ServerWorker final : private AcceptorHost, private net::Timer {
 public:
  ServerWorker(ServerImpl& server, unsigned index);
  ~ServerWorker();

  // Listening and running.

  /// Port 0 picks one, which the listener then tells.
  [[nodiscard]] Expected<std::uint16_t> listen(const net::Endpoint& local,
                                               const net::ListenOptions& options);
  void stop_listening() noexcept { listeners_.clear(); }
  void begin_serving() noexcept { hub_->begin_serving(*this); }
  void end_serving() noexcept { hub_->end_serving(); }
  /// One turn; false once the worker has stopped and nobody is left.
  [[nodiscard]] bool turn(std::optional<std::chrono::nanoseconds> timeout);
  void begin_stop(const StopOptions& options);
  void adopt(net::TcpSocket socket, const net::Endpoint& peer, Bytes already_read, bool is_secured);
  void deliver(std::string_view topic, const PublishedFrame::Ptr& frame);

  // For handles.

  [[nodiscard]] SendResult send(const ServerConnection& connection, Opcode opcode, Bytes payload,
                                Compress compress);
  [[nodiscard]] std::error_code close(std::uint32_t slot, std::uint32_t generation, CloseCode code,
                                      std::string_view reason);
  [[nodiscard]] std::error_code abort(std::uint32_t slot, std::uint32_t generation);
  [[nodiscard]] std::error_code set_reading(std::uint32_t slot, std::uint32_t generation, bool on);
  [[nodiscard]] std::error_code subscribe(std::uint32_t slot, std::uint32_t generation,
                                          std::string_view topic);
  [[nodiscard]] std::error_code unsubscribe(std::uint32_t slot, std::uint32_t generation,
                                            std::string_view topic);
  [[nodiscard]] std::size_t buffered_amount(std::uint32_t slot, std::uint32_t generation);
  [[nodiscard]] std::optional<net::ReceiveTime> received_at(std::uint32_t slot,
                                                            std::uint32_t generation);
  [[nodiscard]] std::any* user_data(std::uint32_t slot, std::uint32_t generation);
  void run_task(const ServerConnection& self,
                const std::function<void(const ServerConnection&)>& task);
  /// Any other thread.
  [[nodiscard]] static SendResult send_from_afar(const ServerConnection& connection, ServerHub& hub,
                                                 Opcode opcode, Bytes payload, Compress compress);
  /// Any thread.
  static void answer(ServerHub& hub, std::uint64_t acceptor, RequestAnswer answer);

  [[nodiscard]] net::EventLoop& loop() noexcept { return loop_; }
  [[nodiscard]] ServerCounters& counters() noexcept { return counters_; }
  [[nodiscard]] const ServerCounters& counters() const noexcept { return counters_; }
  [[nodiscard]] std::size_t open_count() const noexcept { return open_count_.get(); }
  [[nodiscard]] ServerHub& hub() noexcept { return *hub_; }

 private:
  /// What a channel calls; one word wide beside the handle's own.
  struct ChannelHandler {
    ServerConnection self;

    [[nodiscard]] ServerWorker& worker() const noexcept { return *self.hub_->worker(); }
    void on_message(const Message& message) const { worker().on_message(self, message); }
    void on_fragment(const Fragment& fragment) const { worker().on_fragment(self, fragment); }
    void on_ping(Bytes payload) const { worker().on_ping(self, payload); }
    void on_pong(Bytes payload) const { worker().on_pong(self, payload); }
    void on_ping_sent() const {}
    void on_backlog(std::size_t unsent) const { worker().on_backlog(self, unsent); }
    void on_drained() const { worker().on_drain(self); }
    void on_bytes_read(std::size_t size) const { worker().counters_.bytes_in.add(size); }
    void on_bytes_written(std::size_t size) const { worker().counters_.bytes_out.add(size); }
    void on_dropped(std::size_t count) const { worker().counters_.refused.dropped.add(count); }
    void on_conflated() const { worker().counters_.conflated.add(); }
    // The channel may be destroyed with its handler before the worker has done with it.
    void on_end(const net::ChannelEnd& end) const {
      const ServerConnection copy = self;
      copy.hub_->worker()->on_end(copy, end);
    }
  };
  using ServerChannel = net::Channel<Transport, ChannelHandler>;

  /// A place for a connection; empty ones wait to be used again.
  struct Place {
    std::unique_ptr<ServerChannel> channel;
    std::unique_ptr<std::any> user_data;
    AddressCounter::Ticket ticket;
  };
  // AcceptorHost.
  bool may_secure() override;
  void on_upgrade(Acceptor& acceptor, ServerRequest request) override;
  std::optional<HttpResponse> on_http(const HttpRequest& request) override;
  void on_accepted(Acceptor& acceptor, std::optional<AcceptedConnection> connection,
                   std::error_code error) override;

  void on_timer(TimePoint now) override;

  void accept(const net::Accepted& accepted);
  [[nodiscard]] std::optional<AddressCounter::Ticket> admit(const net::Endpoint& peer);
  void shake_hands(net::TcpSocket socket, const net::Endpoint& peer, AddressCounter::Ticket ticket,
                   Bytes already_read, bool is_secured);
  void accept_request(Acceptor& acceptor, RequestAnswer answer);
  void answer_here(std::uint64_t acceptor, RequestAnswer& answer);
  void open(AcceptedConnection accepted);
  [[nodiscard]] std::uint32_t take_place();

  void on_message(const ServerConnection& self, const Message& message);
  void on_fragment(const ServerConnection& self, const Fragment& fragment);
  void on_ping(const ServerConnection& self, Bytes payload);
  void on_pong(const ServerConnection& self, Bytes payload);
  void on_backlog(const ServerConnection& self, std::size_t unsent);
  void on_drain(const ServerConnection& self);
  void on_end(const ServerConnection& self, const net::ChannelEnd& end);

  void tell_due(TimePoint now);
  void cut_everything();
  [[nodiscard, gnu::noinline]] std::error_code send_control(ServerChannel& channel, Opcode opcode,
                                                            Bytes payload);
  [[gnu::noinline]] void count_refused(std::error_code error);
  [[nodiscard]] ServerChannel* find(std::uint32_t slot, std::uint32_t generation) noexcept;
  /// Calls a handler; an exception fails the connection.
  template <class Call>
  void guarded(const ServerConnection& self, Call call) noexcept {
    try {
      call();
    } catch (...) {
      handler_has_thrown(self);
    }
  }
  void handler_has_thrown(const ServerConnection& self);

  ServerImpl& server_;
  net::EventLoop loop_;
  ServerHub* hub_;  // one share of it
  Compression compression_;
  net::SendBudget budget_;
  net::ChannelOptions channel_options_;
  AcceptorOptions acceptor_options_;
  std::shared_ptr<const ConnectionOptions> connection_options_;
  std::optional<net::ConnectionPool> idle_connections_;
  std::vector<std::unique_ptr<ServerListener>> listeners_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Acceptor>> acceptors_;
  StableTable<Place> places_;
  std::uint32_t first_free_ = ServerHub::none;
  Topics topics_;
  ServerCounters counters_;
  Counter open_count_;
  std::optional<ServerStopping> stopping_;
  // The connection whose on_close is running: its handle still tells what it had.
  const ServerConnection* ending_ = nullptr;
  std::size_t lost_bytes_ = 0;
  std::uint64_t last_acceptor_ = 0;
  TimePoint secured_in_;  // the turn that secured_ belongs to
  int secured_ = 0;
};

}  // namespace wirespan
