// dialer.hpp - from a URL to an open connection, written once for blocking and callback clients.
// RFC 6455 §4.1. Private.
#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <wirespan/app/client/dial_plan.hpp>
#include <wirespan/app/client/refusal.hpp>
#include <wirespan/app/common/transport.hpp>
#include <wirespan/core/client_handshake.hpp>
#include <wirespan/core/proxy_handshake.hpp>
#include <wirespan/net/connector.hpp>
#include <wirespan/net/event_loop.hpp>
#include <wirespan/net/resolver.hpp>

namespace wirespan {

/// An open connection.
struct Dialed {
  Transport transport;
  Agreement agreement;
  int status = 0;
  std::vector<std::byte> unread;  // frames that came together with the response
};

/// The phases of an attempt, for counters.
enum class DialPhase : std::uint8_t { resolve, connect, proxy, tls, handshake };
inline constexpr std::size_t dial_phases = 5;

/// The error of an attempt.
struct DialFailure {
  std::error_code error{};
  std::string detail{};  // the phase, and the file, option, host or proxy that the error is about
  DialPhase phase = DialPhase::handshake;
  bool at_proxy = false;  // the proxy failed, not the server
  // With Errc::not_switching_protocols the server's HTTP response, with proxy_refused and
  // proxy_auth_required that of the proxy; status 0 without one.
  int status = 0;
  std::string reason{};
  Headers headers{};
  std::string body{};
  std::exception_ptr exception{};  // thrown by a callable of the caller: rethrown instead
};

/// Throws the exception that belongs to the failure.
[[noreturn]] void throw_for(const DialFailure& failure);

/// One attempt to connect: name look-up, TCP (Happy Eyeballs, RFC 8305), the tunnel of a proxy, TLS
/// and the opening handshake, and the same again for each redirect, all under one deadline. Its
/// owner is a run of WebSocketApp or dial_and_wait(). Every attempt ends with one call of the
/// handler, with Dialed or a DialFailure; destroying the dialer before that cancels it. A response
/// other than 101 is a failure that carries the server's status, headers and the beginning of its
/// body. Until the handshake is over the dialer holds its place in the loop's ConnectGate (RFC 6455
/// §4.1 item 2); through a proxy it does not, because each host is another peer there.
class Dialer final : private net::IoHandler, private net::Timer {
 public:
  using Result = std::variant<Dialed, DialFailure>;
  using Handler = std::function<void(Result)>;

  /// Starts the attempt. The loop calls `handler` once, never within this constructor; the handler
  /// may destroy the dialer.
  Dialer(net::EventLoop& loop, DialPlan plan, Handler handler);
  ~Dialer();

 private:
  // resolving: the name of the server or of its proxy. connecting: TCP. securing_proxy: TLS
  // handshake with the proxy. tunnelling: CONNECT or SOCKS. resolving_server: the server's name,
  // for a proxy that is sent addresses; resolving, that of the proxy, follows. securing: TLS
  // handshake with the server. asking: HTTP request, head of the response. reading_body: of a
  // response other than 101. finished: the timer is about to call the handler.
  enum class Step : std::uint8_t {
    resolving,
    connecting,
    securing_proxy,
    tunnelling,
    resolving_server,
    securing,
    asking,
    reading_body,
    finished
  };
  using Conversation = std::variant<HttpConnect, SocksConnect>;

  void on_ready(net::Readiness readiness) override;
  void on_timer(TimePoint now) override;

  void reach();
  void look_up(const std::string& host, std::uint16_t port,
               void (Dialer::*then)(const std::vector<net::Endpoint>&));
  void set_deadline(bool with_proxy);
  void adopt_socket();
  void on_server_addresses(const std::vector<net::Endpoint>& endpoints);
  void on_addresses(const std::vector<net::Endpoint>& endpoints);
  void on_connected(Expected<net::Connected> connected);
  void on_stream();
  void open_tunnel();
  void talk_to_proxy();
  void take_proxy_answer(Bytes input);
  void take_proxy_refusal(ProxyRefused refusal);
  [[nodiscard]] std::optional<std::string> answer_to(const ProxyRefused& refusal);
  void tunnel_is_open(bool has_more);
  void secure(const tls::ClientOptions& options, std::string_view host, std::uint16_t port,
              Step step);
  void go_on();
  [[nodiscard]] bool do_handshake();
  void ask();
  [[nodiscard]] bool write_output();
  void read_response();
  [[nodiscard]] std::string silent_end() const;
  void take(Bytes input);
  void take_refusal(HandshakeRejected response, Bytes rest);
  void take_body(Bytes input);
  void redirect(const Headers& response);
  void wait_for(net::IoStatus status);
  [[nodiscard]] std::string phase() const;
  [[nodiscard]] DialPhase dial_phase() const noexcept;
  [[nodiscard]] bool is_at_proxy() const noexcept;
  void fail(std::error_code error, std::string detail = {}, std::exception_ptr exception = {});
  void fail_with_refusal();
  void finish(Result result);
  void release();

  net::EventLoop& loop_;
  DialPlan plan_;
  Handler handler_;
  Step step_ = Step::resolving;
  TimePoint deadline_;
  std::optional<TimePoint> proxy_deadline_;  // of this hop, answers to challenges included
  std::unique_ptr<net::Lookup> lookup_;
  std::unique_ptr<net::Connector> connector_;
  std::unique_ptr<net::ConnectGate::Visit> visit_;
  std::optional<Transport> transport_;
  std::string address_;        // of the peer that was connected; empty before that
  ProxyTarget target_;         // the server as the proxy hears of it
  std::string authorization_;  // answer to the proxy's challenge; empty: what the proxy's URL has
  bool has_answered_ = false;  // a challenge of the proxy was answered
  bool has_answered_twice_ = false;
  std::optional<Conversation> proxy_;
  std::optional<ClientHandshake> handshake_;
  bool has_response_ = false;  // a byte of it, at least
  ByteBuffer output_;
  std::optional<Refusal> refusal_;
  std::optional<Result> result_;
};

}  // namespace wirespan
