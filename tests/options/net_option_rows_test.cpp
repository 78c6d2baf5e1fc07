// net_option_rows_test.cpp - every option of the aggregates of net that are not of a session, with
// what its comment says of its values.
#include <array>
#include <climits>

#include "options/life.hpp"
#include "options/rows.hpp"
#include <wirespan/net/connector.hpp>
#include <wirespan/net/remote.hpp>
#include <wirespan/net/tcp_socket.hpp>

namespace wirespan::test::remote_option_rows {
namespace {

using Options = net::RemoteOptions;

/// Five messages of 100 bytes to a loop that does not turn, then its turn: how many were accepted,
/// how many came, and whether the loop is told of refusals or of the close.
std::string sent(const Options& options) {
  net::EventLoop loop;
  net::RemoteAccount account;
  int came = 0;
  std::string told;
  std::unique_ptr<net::Remote> remote;
  remote = std::make_unique<net::Remote>(loop.mailbox(), options, [&] {
    remote->drain_listed([&](std::uint32_t) {
      remote->drain_account(
          account, 0, net::Remote::Look::listed,
          [&](const net::MessageLog::Message&) {
            ++came;
            return std::error_code{};
          },
          [&] { told += ", told of a refusal"; }, [&] { told += ", told to close"; });
    });
  });
  int accepted = 0;
  for (int i = 0; i < 5; ++i) {
    const auto error = remote->send(account, 1, 0, Opcode::text, wire_bytes(std::string(100, 'x')),
                                    Compress::if_agreed);
    accepted += error ? 0 : 1;
  }
  loop.run_once(std::chrono::nanoseconds(0));
  return std::to_string(accepted) + " accepted, " + std::to_string(came) + " came" + told;
}

std::string tasks(const Options& options) {
  net::EventLoop loop;
  net::Remote remote(loop.mailbox(), options, [] {});
  std::string text;
  for (int i = 0; i < 2; ++i) text += remote.reserve_room(100) ? "room " : "full ";
  return text;
}

const OptionRow<Options> rows[] = {
    {OPTION(send_hard_limit),
     sent,
     {{0, "1 accepted, 1 came, told of a refusal"},
      {1, "1 accepted, 1 came, told of a refusal"},
      {limits::send_hard_limit, "5 accepted, 5 came"},
      {most, "5 accepted, 5 came"}}},
    {OPTION(total_limit),
     sent,
     {{0, "0 accepted, 0 came"},
      {1, "0 accepted, 0 came"},
      {limits::loop_send_budget, "5 accepted, 5 came"},
      {most, "5 accepted, 5 came"}}},
    {OPTION(task_limit),
     tasks,
     {{0, "room full "},
      {1, "room full "},
      {limits::publish_queue, "room room "},
      {most, "room room "}}},
    {OPTION(overflow),
     [](Options o) {
       o.send_hard_limit = 300;
       return sent(o);
     },
     {{net::Overflow::refuse, "2 accepted, 2 came, told of a refusal"},
      {net::Overflow::drop_oldest, "5 accepted, 2 came"},
      {net::Overflow::close, "2 accepted, 2 came, told to close"}}},
    {OPTION(tells_refusals),
     [](Options o) {
       o.send_hard_limit = 300;
       return sent(o);
     },
     {{true, "2 accepted, 2 came, told of a refusal"}, {false, "2 accepted, 2 came"}}},
};

WIRESPAN_OPTION_TABLE(RemoteOptionRows, rows);

}  // namespace
}  // namespace wirespan::test::remote_option_rows

namespace wirespan::test::event_loop_option_rows {
namespace {

using Options = net::EventLoopOptions;

/// The story of an app on such a loop.
std::string on_loop(const Options& options) {
  Life life;
  life.loop = options;
  return live(life, RunOptions{.proxy_from_environment = false}).story;
}

TEST(EventLoopBuffer, one_that_cannot_be_made_say_so) {
  EXPECT_THROW(net::EventLoop({.receive_buffer = most}), std::bad_alloc);
}

const OptionRow<Options> rows[] = {
    {OPTION(backend),
     on_loop,
     {{net::Backend::automatic, works}, {net::Backend::epoll, works}, {net::Backend::poll, works}}},
    {OPTION(receive_buffer),
     on_loop,
     {{0, works}, {1, works}, {std::size_t{512} << 10, works}},
     CoveredBy{"EventLoopBuffer.one_that_cannot_be_made_say_so"}},
    {OPTION(network), CoveredBy{"LoopBusy.without_the_option_one_wait_is_a_turn"}},
    {OPTION(busy_poll),
     on_loop,
     {{std::chrono::nanoseconds::min(), works},
      {0ns, works},
      {1ns, works},
      {std::chrono::nanoseconds::max(), works}},
     CoveredBy{"LoopBusy.tasks_of_other_threads_and_stop_end_the_looking"}},
};

WIRESPAN_OPTION_TABLE(EventLoopOptionRows, rows);

}  // namespace
}  // namespace wirespan::test::event_loop_option_rows

namespace wirespan::test::listen_option_rows {
namespace {

using Options = net::ListenOptions;

/// Listens on a real port, and connects to it.
std::string listens(const Options& options) {
  net::Network& network = net::system_network();
  const auto listener = network.listen(*net::Endpoint::from_numeric("127.0.0.1", 0), options);
  if (!listener) return listener.error().message();
  const net::TcpSocket owner(network, *listener);
  const auto fd = network.open(net::Family::ipv4);
  const net::TcpSocket client(network, *fd);
  std::error_code error = network.connect(*fd, *network.local_endpoint(*listener));
  if (error == std::errc::operation_in_progress) {
    std::array waiting{net::Waiting{.fd = *fd, .interest = net::Interest::write}};
    (void)network.wait(waiting, 10s);
    error = network.connect_result(*fd);
  }
  return error ? error.message() : "listens";
}

const OptionRow<Options> rows[] = {
    {OPTION(backlog),
     listens,
     {{INT_MIN, "listens"}, {-1, "listens"}, {0, "listens"}, {1, "listens"}, {INT_MAX, "listens"}}},
    {OPTION(sharing),
     listens,
     {{net::PortSharing::none, "listens"},
      {net::PortSharing::claim, "listens"},
      {net::PortSharing::join, "listens"}},
     CoveredBy{"PortSharing.a_second_server_cannot_have_the_port"}},
    {OPTION(only_ipv6),
     listens,
     {{false, "listens"}, {true, "listens"}},
     CoveredBy{"ServerReach.all_of_ipv6_and_all_of_ipv4_share_one_port"}},
    {OPTION(inherited),
     listens,
     {{{}, "listens"}},
     CoveredBy{"ServerReach.accepted_sockets_do_not_delay_and_are_kept_alive"}},
    {OPTION(mode),
     listens,
     {{std::nullopt, "listens"}, {0, "listens"}, {UINT_MAX, "listens"}},
     CoveredBy{"ServerListeners.the_file_of_a_unix_socket_has_the_permissions_asked_for"}},
};

WIRESPAN_OPTION_TABLE(ListenOptionRows, rows);

}  // namespace
}  // namespace wirespan::test::listen_option_rows

namespace wirespan::test::connector_option_rows {
namespace {

using Options = net::ConnectorOptions;

/// Times in ms of the attempts to three addresses of which only the last one answers, within ten
/// seconds; and the answer.
std::string attempts(const Options& options) {
  net::SimulatedNetwork network;
  const TimePoint begin = network.now();
  std::string text;
  network.set_path([&](const net::Endpoint& peer) {
    text += std::to_string(std::chrono::duration_cast<Ms>(network.now() - begin).count()) + " ";
    return peer.host() == "127.0.0.3" ? net::SimulatedPath{} : unanswered();
  });
  std::string answer = "no answer";
  const auto listener = network.listen(*net::Endpoint::from_numeric("127.0.0.3", 80), {});
  {
    net::EventLoop loop({.network = &network});
    std::vector<net::Endpoint> peers;
    for (const char* host : {"127.0.0.1", "127.0.0.2", "127.0.0.3"}) {
      peers.push_back(*net::Endpoint::from_numeric(host, 80));
    }
    net::Connector connector(loop, peers, options, [&](const Expected<net::Connected>& result) {
      answer = result ? "connected" : result.error().message();
    });
    while (answer == "no answer" && network.now() < begin + 10s) loop.run_once(100ms);
  }
  network.close(*listener);
  return text + answer;
}

const std::string usual = "0 250 500 connected";

const OptionRow<Options> rows[] = {
    {OPTION(default_options), attempts, {{false, usual}, {true, usual}}},
    {OPTION(socket_options),
     attempts,
     {{{}, usual}},
     CoveredBy{"ConnectorLocalSide.names_the_option_that_is_refused"}},
    {OPTION(interface),
     attempts,
     {{"", usual}, {"lo", usual}},
     CoveredBy{"ConnectorFrom.an_interface_that_does_not_exist_is_an_error"}},
    {OPTION(on_socket),
     attempts,
     {{nullptr, usual}, {[](int) {}, usual}},
     CoveredBy{"ConnectorLocalSide.ends_with_the_exception_of_the_hook_and_tries_nothing_more"}},
    {OPTION(local_address),
     attempts,
     {{std::nullopt, usual},
      {net::Endpoint::from_numeric("127.0.0.9", 0), usual},
      {net::Endpoint::from_numeric("::1", 0),
       make_error_code(std::errc::address_family_not_supported).message()}}},
    {OPTION(stagger),
     attempts,
     {{long_ago, "0 0 0 connected"},
      {0ms, "0 0 0 connected"},
      {1ms, "0 1 2 connected"},
      {250ms, usual},
      {for_ever, "0 no answer"}}},
    {OPTION(one_at_a_time),
     attempts,
     {{true, usual}, {false, usual}},
     CoveredBy{"ConnectorGate.R8_can_be_lifted"}},
    {OPTION(rotation),
     attempts,
     {{nullptr, usual}},
     CoveredBy{"ConnectorLocalSide.the_next_attempt_begins_behind_the_address_that_was_reached"}},
};

WIRESPAN_OPTION_TABLE(ConnectorOptionRows, rows);

}  // namespace
}  // namespace wirespan::test::connector_option_rows
