// acceptor.hpp - from an accepted socket to an open connection. RFC 6455 §4.2. Private.
#pragma once

#include <any>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>
#include <vector>

#include <wirespan/app/common/repeated_line.hpp>
#include <wirespan/app/common/transport.hpp>
#include <wirespan/app/server/admission.hpp>
#include <wirespan/app/server_request.hpp>
#include <wirespan/core/byte_buffer.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/core/proxy_header.hpp>
#include <wirespan/core/server_handshake.hpp>
#include <wirespan/net/event_loop.hpp>

namespace wirespan {

/// Result of a successful opening handshake: all that the open connection takes over.
struct AcceptedConnection {
  Transport transport;
  Agreement agreement;
  ServerAdmission::Ticket ticket;
  std::vector<std::byte> unread;  // frames that came together with the request
  std::any user_data;
  std::unique_ptr<const ServerRequest> request;  // null unless AcceptorOptions::keep_request
};

class Acceptor;

/// Owner of acceptors, and receiver of their events on the loop's thread.
class AcceptorHost {
 public:
  /// True if this turn of the loop may do one more step of a TLS handshake; counts that step.
  [[nodiscard]] virtual bool may_secure() = 0;
  /// A proxy has told its client: nothing, or an address for Acceptor::speak_for(). Returns the
  /// stream for the bytes behind the PROXY header, with TLS if the server has it; or nothing, after
  /// it has counted the refusal.
  [[nodiscard]] virtual std::optional<Transport> on_proxy_header(
      Acceptor& acceptor, Transport transport, const std::optional<net::Endpoint>& client) = 0;
  /// There is no valid PROXY header, for a line of the log. The acceptor ends.
  virtual void on_bad_proxy_header(Acceptor& acceptor, std::string_view why) = 0;
  /// The head of a request is complete: tells by Acceptor::speak_for() the client whom a trusted
  /// proxy names in it. False, after the host has counted that, if the client has too many
  /// connections: it gets 429.
  [[nodiscard]] virtual bool find_client(Acceptor& acceptor, const Headers& headers) = 0;
  /// The request is complete. The host calls accept() or reject(), within this call or later.
  virtual void on_upgrade(Acceptor& acceptor, ServerRequest request) = 0;
  /// Answers a request that is no upgrade; nothing: it is refused with 426.
  [[nodiscard]] virtual std::optional<HttpResponse> on_http(const HttpRequest& request) = 0;
  /// The end of the acceptor, once; the host passes it to EventLoop::retire() (deferred deletion).
  /// Without a connection `error` is the cause; no error and no connection: on_http() has answered,
  /// or the host has counted its refusal.
  virtual void on_accepted(Acceptor& acceptor, std::optional<AcceptedConnection> connection,
                           std::error_code error) = 0;

 protected:
  ~AcceptorHost() = default;
};

/// Options that all acceptors of a loop share; must outlive them.
struct AcceptorOptions {
  HeadLimits head{};
  std::chrono::milliseconds handshake_time{};  ///< 0 and below: no handshake timeout.
  bool keep_request = false;                   ///< Pass the request on with the connection.
  bool serves_http = false;                    ///< Pass requests that are no upgrade to on_http().
  RepeatedLine* unsendable_answer = nullptr;   ///< Shared by the acceptors of a server.
};

/// One opening handshake on an accepted socket: TLS if the transport is TLS, then the HTTP request
/// and its answer, under one handshake timeout that no byte extends. Its host owns it and decides
/// about the request. It ends, by one call of AcceptorHost::on_accepted(), when the 101 has been
/// written, when the lingering close of a refusal is over, or with an error: handshake timeout,
/// lost connection, failed TLS, no memory. Destroyed before that, it closes the socket without an
/// answer and calls nothing.
class Acceptor final : private net::IoHandler, private net::Timer {
 public:
  Acceptor(net::EventLoop& loop, AcceptorHost& host, const AcceptorOptions& options,
           Transport transport, net::Endpoint peer, ServerAdmission::Ticket ticket);
  ~Acceptor();

  /// Starts the handshake, once. `already_read`: bytes of the request, and frames behind it, that
  /// were read from the socket before; there is no TLS handshake then. May end the acceptor.
  void start(Bytes already_read);
  /// Starts with the PROXY header of a trusted proxy, instead of start(). The transport is plain.
  void start_with_proxy_header();
  /// The client that a trusted proxy tells, with its place in the limit per address.
  void speak_for(const net::Endpoint& client, AddressCounter::Ticket ticket);
  /// The answers to on_upgrade(), once: a second one does nothing. An agreement that does not match
  /// the offer is logged and becomes a 500. `why` is the error that on_accepted() gets.
  void accept(Agreement agreement, std::any user_data);
  void reject(const Rejection& rejection, std::error_code why = Errc::request_rejected);
  /// Closes the connection without an answer.
  void abandon(std::error_code error) { give_up(error); }

  /// The client's offer; empty until on_upgrade() is called.
  [[nodiscard]] const ClientOffer& offer() const noexcept { return offer_; }
  /// The client's address, as far as it is known.
  [[nodiscard]] const net::Endpoint& peer() const noexcept { return peer_; }

  std::uint64_t id = 0;   ///< Key in the host's table of acceptors.
  bool is_plain = false;  ///< For the host: there is no TLS behind the PROXY header.

 private:
  enum class Step : std::uint8_t {
    opening,    // PROXY header of a trusted proxy
    securing,   // TLS handshake
    reading,    // request head
    deciding,   // waits for accept() or reject()
    answering,  // writes the 101
    refusing,   // writes any other answer, then the lingering close
    finished,   // on_accepted() was called
  };

  void on_ready(net::Readiness readiness) override;
  void on_flush() override;
  void on_timer(TimePoint now) override;

  /// Runs every call of the loop; std::bad_alloc ends this handshake alone.
  template <class Call>
  void guarded(Call call) noexcept;
  void go_on();
  void begin_timeout();
  [[nodiscard]] bool read_proxy_header();
  [[nodiscard]] bool take_proxy_header(const ProxyHeader& header);
  [[nodiscard]] bool secure();
  void read_request();
  void take(Bytes input);
  [[nodiscard]] ServerRequest request_of(ClientOffer offer) const;
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
  std::optional<net::Endpoint> proxy_;  // the socket's peer, once it has told the client
  std::optional<ProxyHeaderDecoder> proxy_header_;
  ServerAdmission::Ticket ticket_;
  Step step_ = Step::securing;
  net::IoResult want_{.status = net::IoStatus::want_read};  // direction TLS waits for
  ServerHandshake handshake_;
  ByteBuffer answer_;
  ClientOffer offer_;
  Agreement agreement_;
  std::any user_data_;
  std::vector<std::byte> unread_;
  std::error_code error_;      // cause of the refusal
  std::size_t discarded_ = 0;  // bytes read by the lingering close
  bool asking_ = false;        // inside on_upgrade(): the caller goes on with the answer
  bool shut_down_ = false;     // half-closed
};

}  // namespace wirespan
