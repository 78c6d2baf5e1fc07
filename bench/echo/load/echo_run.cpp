// echo_run.cpp - the load of the scenario "echo", closed loop and open loop.
#include "echo_run.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

#include <sys/epoll.h>
#include <unistd.h>

#include "process.hpp"
#include "scenarios.hpp"

namespace wirespan::bench {
namespace {

constexpr std::size_t room_size = std::size_t{1} << 20;

std::uint64_t nanoseconds(std::chrono::duration<double> time) {
  return static_cast<std::uint64_t>(time.count() * 1e9);
}

}  // namespace

EchoRun::EchoRun(const LoadOptions& options)
    : options_(options),
      traffic_(make_traffic(options)),
      tls_(options.tls ? make_tls_context() : nullptr),
      room_(room_size),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  connections_.reserve(options.connections);
  for (std::size_t i = 0; i < options.connections; ++i) {
    connections_.push_back({.stream = open_stream(options, tls_.get())});
    connections_.back().stream.stop_blocking();
    watch(connections_.back(), false, EPOLL_CTL_ADD);
  }
}

EchoRun::~EchoRun() {
  for (Connection& connection : connections_) connection.stream.reset_on_close();
  ::close(epoll_);
}

void EchoRun::watch(Connection& connection, bool for_room, int operation) const {
  epoll_event event{};
  event.events = EPOLLIN | (for_room ? EPOLLOUT : 0U);
  event.data.ptr = &connection;
  (void)::epoll_ctl(epoll_, operation, connection.stream.descriptor(), &event);
}

void EchoRun::run() {
  first_due_ = now();
  if (options_.rate == 0) {
    for (Connection& connection : connections_) start_batch(connection, now());
  }
  const std::uint64_t once_each = connections_.size() * traffic_.depth;
  run_for(nanoseconds(options_.warm_up), once_each);
  latency_.clear();
  start_ = totals_now(options_.server, messages_);
  run_for(nanoseconds(options_.time), messages_ + once_each);
  end_ = totals_now(options_.server, messages_);
}

/// Runs for `time`, and up to ten times as long until `messages` have come back: every connection
/// is to be served at least once.
void EchoRun::run_for(std::uint64_t time, std::uint64_t messages) {
  const std::uint64_t last_end = now() + 10 * time;
  run_until(now() + time);
  while (messages_ < messages && now() < last_end) run_until(now() + time / 4);
}

void EchoRun::run_until(std::uint64_t end) {
  std::array<epoll_event, 512> events;
  const bool open_loop = options_.rate > 0;
  for (std::uint64_t time = now(); time < end; time = now()) {
    if (open_loop) send_what_is_due(time);
    // The open loop does not sleep: the latency of a wake-up would delay messages that are due.
    const int count =
        ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), open_loop ? 0 : 100);
    for (int i = 0; i < count; ++i) {
      const auto& event = events[static_cast<std::size_t>(i)];
      on_event(*static_cast<Connection*>(event.data.ptr), (event.events & EPOLLOUT) != 0);
    }
  }
}

void EchoRun::on_event(Connection& connection, bool writable) {
  if (writable) send_more(connection);
  do {
    const std::size_t size = connection.stream.receive(room_);
    if (size == 0) return;
    on_bytes(connection, Bytes(room_).first(size), now());
  } while (connection.stream.has_pending());
}

void EchoRun::on_bytes(Connection& connection, Bytes bytes, std::uint64_t time) {
  if (!traffic_.is_expected(bytes, connection.received)) {
    throw std::runtime_error("what came back is not what was sent");
  }
  const std::size_t before = connection.received / traffic_.reply.size();
  connection.received += bytes.size();
  const std::size_t echoes = connection.received / traffic_.reply.size() - before;
  if (echoes > 0) count_echoes(connection, echoes, time);
  if (options_.rate > 0) return;
  if (connection.received == traffic_.reply.size() * traffic_.depth) start_batch(connection, time);
}

void EchoRun::count_echoes(Connection& connection, std::size_t count, std::uint64_t time) {
  messages_ += count;
  if (options_.rate == 0) {
    latency_.add(time - connection.started, count);
    return;
  }
  for (; count > 0; --count) {
    if (connection.due.empty()) throw std::runtime_error("more came back than was sent");
    latency_.add(time - connection.due.front(), 1);
    connection.due.pop_front();
  }
}

void EchoRun::start_batch(Connection& connection, std::uint64_t time) {
  if (connection.unsent > 0) throw std::runtime_error("more came back than was sent");
  connection.started = time;
  connection.received = 0;
  connection.unsent = traffic_.batch.size();
  send_more(connection);
}

void EchoRun::send_what_is_due(std::uint64_t time) {
  const double interval = 1e9 / options_.rate;
  for (;; ++sent_on_time_) {
    const auto after = static_cast<std::uint64_t>(static_cast<double>(sent_on_time_) * interval);
    const std::uint64_t due = first_due_ + after;
    if (due > time) return;
    Connection& connection = connections_[sent_on_time_ % connections_.size()];
    connection.due.push_back(due);
    connection.unsent += traffic_.request_size;
    if (!connection.awaits_room) send_more(connection);
  }
}

/// Sends the unsent bytes as long as the kernel takes them. They are always the end of a run of
/// equal frames, so that the batch serves for a backlog of any length.
void EchoRun::send_more(Connection& connection) {
  while (connection.unsent > 0) {
    const std::size_t last_part = connection.unsent % traffic_.batch.size();
    const std::size_t size = last_part == 0 ? traffic_.batch.size() : last_part;
    const std::size_t sent = connection.stream.send(Bytes(traffic_.batch).last(size));
    connection.unsent -= sent;
    if (sent == 0) break;
  }
  const bool for_room = connection.unsent > 0;
  if (for_room == connection.awaits_room) return;
  connection.awaits_room = for_room;
  watch(connection, for_room, EPOLL_CTL_MOD);
}

void EchoRun::print() const { print_window(start_, end_, latency_); }

void run_echo(const LoadOptions& options) {
  EchoRun run(options);
  run.run();
  run.print();
}

}  // namespace wirespan::bench
