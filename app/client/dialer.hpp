// dialer.hpp - from a URL to an open connection, written once for blocking and callback clients.
// RFC 6455 §4.1. Private.
#pragma once

#include <cstddef>
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

/// Everything that one attempt needs, checked.
struct DialPlan {
  Url url;
  ClientRequest request;
  tls::ClientOptions tls;
  std::vector<SocketOption> sockopt;
  std::chrono::milliseconds deadline{};
  int socket = -1;  // owned by the dialer from start() on
  bool already_secured = false;
  bool one_at_a_time = true;
  bool receive_timestamps = false;
};

/// Asks the header callable, if there is one, whose exceptions pass. Errors are Condition::misuse;
/// `detail` gets the name of the option, header or URL that they are about.
[[nodiscard]] Expected<DialPlan> make_dial_plan(const std::string& url,
                                                const ConnectOptions& options, std::string& detail);

struct Dialed {
  Transport transport;
  Agreement agreement;
  int status = 0;
  std::vector<std::byte> unread;  // frames that came together with the response
};

struct DialFailure {
  std::error_code error{};
  std::string detail{};  // the file, option or host that it is about
  // With Errc::not_switching_protocols: what the server said instead.
  int status = 0;
  std::string reason{};
  Headers headers{};
  std::string body{};
};

/// Throws the exception that belongs to the failure.
[[noreturn]] void throw_for(const DialFailure& failure);

/// One attempt. Resolving, connecting, TLS and the opening handshake happen under one deadline.
/// Destroying the dialer cancels it.
class Dialer final : private net::IoHandler, private net::Timer {
 public:
  using Result = std::variant<Dialed, DialFailure>;
  using Handler = std::function<void(Result)>;

  /// Starts. `handler` is called once, from the loop, never from here, and may destroy the dialer.
  Dialer(net::EventLoop& loop, DialPlan plan, Handler handler);
  ~Dialer();

 private:
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
  std::size_t body_size_ = 0;  // bytes of it that we wait for
  std::optional<Result> result_;
};

}  // namespace wirespan
