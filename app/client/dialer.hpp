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

#include <wirespan/app/common/transport.hpp>
#include <wirespan/app/options.hpp>
#include <wirespan/core/client_handshake.hpp>
#include <wirespan/core/url.hpp>
#include <wirespan/net/connector.hpp>
#include <wirespan/net/event_loop.hpp>
#include <wirespan/net/resolver.hpp>

namespace wirespan {

/// The checked input of one attempt.
struct DialPlan {
  Url url;
  ClientRequest request;
  tls::ClientOptions tls;
  net::ConnectorOptions connector;
  std::chrono::milliseconds deadline{};  // from the look-up of the name to the open connection
  int socket = -1;  // connected already: no look-up; owned by the dialer from start() on
  bool already_secured = false;  // no TLS on `socket`, even for wss:
  bool receive_timestamps = false;
};

/// Checks the URL and the options. Calls the header callable, if there is one; its exceptions pass
/// through. Errors are Condition::misuse; `detail` gets the name of the URL, option or header that
/// is refused.
[[nodiscard]] Expected<DialPlan> make_dial_plan(const std::string& url,
                                                const ConnectOptions& options, std::string& detail);

/// An open connection.
struct Dialed {
  Transport transport;
  Agreement agreement;
  int status = 0;
  std::vector<std::byte> unread;  // frames that came together with the response
};

/// The error of an attempt.
struct DialFailure {
  std::error_code error{};
  std::string detail{};  // the file, option or host that the error is about
  // With Errc::not_switching_protocols: the server's HTTP response.
  int status = 0;
  std::string reason{};
  Headers headers{};
  std::string body{};
  std::exception_ptr exception{};  // thrown by a callable of the caller: rethrown instead
};

/// Throws the exception that belongs to the failure.
[[noreturn]] void throw_for(const DialFailure& failure);

/// One attempt to connect: name look-up, TCP (Happy Eyeballs, RFC 8305), TLS and the opening
/// handshake, all under one deadline. Its owner is a run of WebSocketApp or dial_and_wait(). Every
/// attempt ends with one call of the handler, with Dialed or a DialFailure; destroying the dialer
/// before that cancels it. A response other than 101 is a failure that carries the server's status,
/// headers and the beginning of its body. Until the handshake is over the dialer holds its place in
/// the loop's ConnectGate (RFC 6455 §4.1 item 2).
class Dialer final : private net::IoHandler, private net::Timer {
 public:
  using Result = std::variant<Dialed, DialFailure>;
  using Handler = std::function<void(Result)>;

  /// Starts the attempt. The loop calls `handler` once, never within this constructor; the handler
  /// may destroy the dialer.
  Dialer(net::EventLoop& loop, DialPlan plan, Handler handler);
  ~Dialer();

 private:
  // reaching: look-up and TCP. securing: TLS handshake. asking: HTTP request, head of the response.
  // reading_body: of a response other than 101. finished: the timer is about to call the handler.
  enum class Step : std::uint8_t { reaching, securing, asking, reading_body, finished };

  void on_ready(net::Readiness readiness) override;
  void on_timer(TimePoint now) override;

  void start();
  void adopt_socket();
  void on_addresses(Expected<std::vector<net::Endpoint>> endpoints);
  void on_connected(Expected<net::Connected> connected);
  void on_stream(net::TcpSocket socket);
  void secure(net::TcpSocket socket);
  void go_on();
  [[nodiscard]] bool do_handshake();
  void ask();
  [[nodiscard]] bool write_request();
  void read_response();
  void take(Bytes input);
  void take_rejection(HandshakeRejected rejection, Bytes rest);
  void take_body(Bytes input);
  void wait_for(net::IoStatus status);
  void fail(std::error_code error, std::string detail = {});
  void fail_to_connect(std::error_code error);
  void finish(Result result);
  void release();

  net::EventLoop& loop_;
  DialPlan plan_;
  Handler handler_;
  Step step_ = Step::reaching;
  TimePoint deadline_;
  std::unique_ptr<net::Lookup> lookup_;
  std::unique_ptr<net::Connector> connector_;
  std::unique_ptr<net::ConnectGate::Visit> visit_;
  std::optional<Transport> transport_;
  std::optional<ClientHandshake> handshake_;
  ByteBuffer request_;
  std::optional<DialFailure> rejection_;
  std::size_t body_size_ = 0;  // bytes of the rejection's body to wait for
  std::optional<Result> result_;
};

}  // namespace wirespan
