// acceptor.hpp - from an accepted socket to an open connection. RFC 6455 §4.2. Private.
#pragma once

#include <any>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <system_error>
#include <vector>

#include <wirespan/app/common/repeated_line.hpp>
#include <wirespan/app/common/transport.hpp>
#include <wirespan/app/server/admission.hpp>
#include <wirespan/app/server_request.hpp>
#include <wirespan/core/byte_buffer.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/core/server_handshake.hpp>
#include <wirespan/net/event_loop.hpp>

namespace wirespan {

struct AcceptedConnection {
  Transport transport;
  Agreement agreement;
  ServerAdmission::Ticket ticket;
  std::vector<std::byte> unread;  // frames that came together with the request
  std::any user_data;
};

class Acceptor;

/// Who has acceptors. All calls come on the loop's thread.
class AcceptorHost {
 public:
  /// False: this turn of the loop has had its share of TLS handshakes.
  [[nodiscard]] virtual bool may_secure() = 0;
  /// The request is complete: call accept() or reject(), now or later.
  virtual void on_upgrade(Acceptor& acceptor, ServerRequest request) = 0;
  /// Nothing: plain requests are not served.
  [[nodiscard]] virtual std::optional<HttpResponse> on_http(const HttpRequest& request) = 0;
  /// The end of the acceptor, once; the host takes it to EventLoop::retire(). `error` says why no
  /// connection came about; no error and no connection: a request was answered otherwise.
  virtual void on_accepted(Acceptor& acceptor, std::optional<AcceptedConnection> connection,
                           std::error_code error) = 0;

 protected:
  ~AcceptorHost() = default;
};

struct AcceptorOptions {
  HeadLimits head{};
  std::chrono::milliseconds handshake_time{};
  bool serves_http = false;
  RepeatedLine* unsendable_answer = nullptr;  ///< Shared by the acceptors of a loop.
};

/// One handshake: TLS if the transport is TLS, then HTTP, under one deadline that no byte extends.
/// A refusal is written, then the peer may finish reading it before the socket is closed.
class Acceptor final : private net::IoHandler, private net::Timer {
 public:
  Acceptor(net::EventLoop& loop, AcceptorHost& host, const AcceptorOptions& options,
           Transport transport, net::Endpoint peer, ServerAdmission::Ticket ticket);
  ~Acceptor();

  /// `already_read` belongs to the request, or came behind it. May end the acceptor.
  void start(Bytes already_read);
  /// The answers to on_upgrade(), once.
  void accept(Agreement agreement, std::any user_data);
  void reject(const Rejection& rejection, std::error_code why = Errc::request_rejected);
  /// Cuts the connection without an answer.
  void abandon(std::error_code error) { give_up(error); }

  /// What the client asked for, once on_upgrade() was called.
  [[nodiscard]] const ClientOffer& offer() const noexcept { return offer_; }

  std::uint64_t id = 0;  ///< For the host.

 private:
  enum class Step : std::uint8_t {
    securing,
    reading,
    deciding,
    answering,
    refusing,
    finished,
  };

  void on_ready(net::Readiness readiness) override;
  void on_flush() override;
  void on_timer(TimePoint now) override;

  /// Every call of the loop: without memory this handshake ends, not the loop.
  template <class Call>
  void guarded(Call call) noexcept;
  void go_on();
  [[nodiscard]] bool secure();
  void read_request();
  void take(Bytes input);
  void ask(ClientOffer offer);
  void serve(PlainRequest plain);
  void refuse(const Rejection& rejection);
  [[nodiscard]] bool write_answer();
  void discard_input();
  void open();
  void wait_for(net::Interest interest);
  void wait_for(const net::IoResult& blocked);
  void give_up(std::error_code error);
  void finish(std::optional<AcceptedConnection> connection);

  net::EventLoop& loop_;
  AcceptorHost& host_;
  const AcceptorOptions& options_;
  std::optional<Transport> transport_;
  net::Endpoint peer_;
  ServerAdmission::Ticket ticket_;
  Step step_ = Step::securing;
  ServerHandshake handshake_;
  ByteBuffer answer_;
  ClientOffer offer_;
  Agreement agreement_;
  std::any user_data_;
  std::vector<std::byte> unread_;
  std::error_code error_;  // why it was refused
  std::size_t discarded_ = 0;
  bool asking_ = false;  // inside on_upgrade()
  bool shut_down_ = false;
};

}  // namespace wirespan
