// acceptor.hpp - from an accepted socket to an open connection. RFC 6455 §4.2. Private.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include <wirespan/app/transport.hpp>
#include <wirespan/core/byte_buffer.hpp>
#include <wirespan/core/server_handshake.hpp>
#include <wirespan/net/event_loop.hpp>

namespace wirespan {

struct AcceptedConnection {
  Transport transport;
  ClientOffer offer;
  Agreement agreement;
  net::Endpoint peer;
  std::vector<std::byte> unread;  // frames that came together with the request
};

/// One handshake: TLS if the transport is TLS, then HTTP, under one deadline that no byte extends.
/// A refusal is written, then the peer may finish reading it before the socket is closed.
class Acceptor final : private net::IoHandler, private net::Timer {
 public:
  using Decide =
      std::function<std::optional<Rejection>(const ClientOffer&, const net::Endpoint&, Agreement&)>;
  /// Nothing: no connection came about. It may destroy the acceptor.
  using Done = std::function<void(Acceptor&, std::optional<AcceptedConnection>)>;

  Acceptor(net::EventLoop& loop, Transport transport, net::Endpoint peer, Decide decide, Done done);
  ~Acceptor();

  /// `done` is called once, from here or from the loop.
  void start(std::chrono::milliseconds deadline);

 private:
  enum class Step : std::uint8_t { securing, reading, answering, refusing, finished };

  void on_ready(net::Readiness readiness) override;
  void on_timer(TimePoint now) override;

  void go_on();
  [[nodiscard]] bool secure();
  void read_request();
  void take(Bytes input);
  void answer(ClientOffer offer);
  void refuse(const Rejection& rejection);
  [[nodiscard]] bool write_answer();
  void discard_input();
  void open();
  void wait_for(net::Interest interest);
  void give_up();
  void finish(std::optional<AcceptedConnection> connection);

  net::EventLoop& loop_;
  std::optional<Transport> transport_;
  net::Endpoint peer_;
  Decide decide_;
  Done done_;
  Step step_ = Step::securing;
  ServerHandshake handshake_;
  ByteBuffer answer_;
  ClientOffer offer_;
  Agreement agreement_;
  std::vector<std::byte> unread_;
  std::size_t discarded_ = 0;
  bool shut_down_ = false;
};

}  // namespace wirespan
