// fan_out_run.cpp - the load of the scenario "fan_out": subscribers, orders and rounds.
#include "fan_out_run.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>
#include <string>

#include <sys/epoll.h>
#include <unistd.h>

#include "../../bench_data.hpp"
#include "../../trades.hpp"
#include "../published.hpp"
#include "compression.hpp"
#include "process.hpp"
#include "scenarios.hpp"
#include "traffic.hpp"
#include <wirespan/core/byte_buffer.hpp>
#include <wirespan/core/frame.hpp>

namespace wirespan::bench {
namespace {

constexpr std::size_t room_size = std::size_t{1} << 20;
/// Nanoseconds after which a round has failed, because a delivery was lost.
constexpr std::uint64_t longest_round = 10'000'000'000;

std::vector<std::byte> to_vector(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

std::vector<std::byte> order_bytes(const fan_out::Order& order, bool raw) {
  const std::string text = fan_out::text_of(order);
  if (raw) return to_vector(wire_bytes(text));
  ByteBuffer frame;
  append_frame(frame, {.mask = key, .opcode = Opcode::text, .masked = true}, wire_bytes(text));
  return to_vector(frame.data());
}

/// Trades that a server which compresses is to publish, as they come.
std::vector<std::byte> trade_bytes(const fan_out::Order& order) {
  const std::string trade = trades(1, order.size).front();
  ByteBuffer frames;
  for (std::size_t i = 0; i < order.count; ++i) {
    append_frame(frames, {.mask = key, .opcode = Opcode::binary, .masked = true},
                 wire_bytes(trade));
  }
  return to_vector(frames.data());
}

std::vector<std::byte> burst_bytes(const fan_out::Order& order) {
  const fan_out::Messages messages;
  ByteBuffer frames;
  for (std::size_t i = 0; i < order.count; ++i) {
    append_frame(frames, {.opcode = Opcode::binary},
                 wire_bytes(std::string_view(messages.at(i), order.size)));
  }
  return to_vector(frames.data());
}

}  // namespace

FanOutRun::FanOutRun(const LoadOptions& options)
    : options_(options),
      tls_(options.tls ? make_tls_context() : nullptr),
      room_(room_size),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  const fan_out::Order order{.count = options.depth, .size = options.size};
  if (order.size > fan_out::largest_message) throw std::runtime_error("too large to publish");
  order_ = options.compression.empty() ? order_bytes(order, options.raw) : trade_bytes(order);
  burst_ = burst_bytes(order);
  subscribe_all();
}

FanOutRun::~FanOutRun() {
  for (Subscriber& subscriber : subscribers_) subscriber.stream.reset_on_close();
  ::close(epoll_);
}

/// Connects all subscribers and waits for each upgrade. The raw server answers upgrades, too: a
/// connection that is established but not accepted yet would miss the first round.
void FanOutRun::subscribe_all() {
  subscribers_.reserve(options_.connections);
  for (std::size_t i = 0; i < options_.connections; ++i) {
    Stream stream(options_.port, tls_.get());
    if (options_.compression.empty()) {
      request_upgrade(stream);
      (void)await_upgrade(stream);
    } else {
      upgrade_compressed(stream, agreed_on(options_));
    }
    stream.stop_blocking();
    subscribers_.push_back({.stream = std::move(stream)});
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = &subscribers_.back();
    (void)::epoll_ctl(epoll_, EPOLL_CTL_ADD, subscribers_.back().stream.descriptor(), &event);
  }
}

/// Orders a round by itself. Every round has the same bytes: the messages are, and no context is
/// kept.
void FanOutRun::learn_compressed_burst() {
  const Agreed agreed = agreed_on(options_);
  const auto pool = make_pool(agreed);
  Connection first = make_client(agreed, pool);
  const std::string expected = trades(1, options_.size).front();
  burst_.clear();
  std::size_t messages = 0;
  if (subscribers_.front().stream.send(order_) != order_.size()) {
    throw std::runtime_error("the order was not taken at once");
  }
  while (messages < options_.depth) {
    const std::size_t size = subscribers_.front().stream.receive(room_);
    burst_.insert(burst_.end(), room_.begin(), room_.begin() + static_cast<std::ptrdiff_t>(size));
    first.feed(MutableBytes(room_).first(size));
    for (Event event = first.next(); !std::holds_alternative<NeedInput>(event);
         event = first.next()) {
      const auto* message = std::get_if<Message>(&event);
      if (message == nullptr || wire_text(message->payload) != expected) {
        throw std::runtime_error("what came is not what was published");
      }
      ++messages;
    }
  }
  for (std::size_t i = 1; i < subscribers_.size(); ++i) {
    for (std::size_t received = 0; received < burst_.size();) {
      received += subscribers_[i].stream.receive(room_);
    }
  }
}

void FanOutRun::run() {
  if (!options_.compression.empty()) learn_compressed_burst();
  run_for(options_.warm_up);
  latency_.clear();
  start_ = totals_now(options_.server, deliveries_);
  run_for(options_.time);
  end_ = totals_now(options_.server, deliveries_);
}

/// Runs whole rounds, so that the server's CPU time and the counted deliveries belong together.
void FanOutRun::run_for(std::chrono::duration<double> time) {
  const std::uint64_t end = now() + static_cast<std::uint64_t>(time.count() * 1e9);
  do {
    run_round();
  } while (now() < end);
}

void FanOutRun::run_round() {
  for (Subscriber& subscriber : subscribers_) subscriber.received = 0;
  awaited_ = subscribers_.size();
  const std::uint64_t started = now();
  if (subscribers_.front().stream.send(order_) != order_.size()) {
    throw std::runtime_error("the order was not taken at once");
  }
  std::array<epoll_event, 512> events;
  while (awaited_ > 0) {
    const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 100);
    for (int i = 0; i < count; ++i) {
      on_event(*static_cast<Subscriber*>(events[static_cast<std::size_t>(i)].data.ptr), started);
    }
    if (now() - started > longest_round) throw std::runtime_error("not everybody was reached");
  }
  deliveries_ += subscribers_.size() * options_.depth;
}

void FanOutRun::on_event(Subscriber& subscriber, std::uint64_t started) {
  do {
    const std::size_t size = subscriber.stream.receive(room_);
    if (size == 0) return;
    on_bytes(subscriber, Bytes(room_).first(size), started);
  } while (subscriber.stream.has_pending());
}

void FanOutRun::on_bytes(Subscriber& subscriber, Bytes bytes, std::uint64_t started) {
  const std::size_t wanted = burst_.size() - subscriber.received;
  if (bytes.size() > wanted) throw std::runtime_error("more came than was published");
  if (std::memcmp(bytes.data(), burst_.data() + subscriber.received, bytes.size()) != 0) {
    throw std::runtime_error("what came is not what was published");
  }
  subscriber.received += bytes.size();
  if (bytes.size() < wanted) return;
  latency_.add(now() - started, 1);
  --awaited_;
}

void run_fan_out(const LoadOptions& options) {
  FanOutRun run(options);
  run.run();
  run.print();
}

void FanOutRun::print() const {
  const auto depth = static_cast<double>(options_.depth);
  print_window(start_, end_, latency_, static_cast<double>(burst_.size()) / depth);
}

}  // namespace wirespan::bench
