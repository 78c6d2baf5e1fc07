// blocking_dial.cpp - one Dialer on an event loop of its own, for the blocking client.
#include <optional>
#include <system_error>
#include <utility>
#include <variant>

#include <wirespan/app/client/blocking_dial.hpp>
#include <wirespan/app/exceptions.hpp>
#include <wirespan/net/event_loop.hpp>
#include <wirespan/net/tcp_socket.hpp>

namespace wirespan {

Dialed dial_and_wait(const std::string& url, ConnectOptions& options, net::Network& network) {
  net::TcpSocket given(network, std::exchange(options.socket, -1));
  std::string detail;
  auto plan = make_dial_plan(url, options, detail);
  if (!plan) throw_for(plan.error(), detail);

  std::optional<net::EventLoop> loop;
  try {
    loop.emplace(net::EventLoopOptions{
        .backend = net::Backend::poll, .receive_buffer = 0, .network = &network});
  } catch (const std::system_error& error) {  // no file descriptor left for the event loop
    throw WebSocketException(error.code(), "connect");
  }
  plan->socket = given.release();
  std::optional<Dialer::Result> result;
  {
    Dialer dialer(*loop, std::move(*plan), [&](Dialer::Result r) { result = std::move(r); });
    while (!result) loop->run_once(std::nullopt);
  }
  if (const auto* failure = std::get_if<DialFailure>(&*result)) throw_for(*failure);
  return std::get<Dialed>(*std::move(result));
}

}  // namespace wirespan
