// compressed_run.cpp - the load of the scenario "compressed". RFC 7692.
#include "compressed_run.hpp"

#include <array>
#include <stdexcept>
#include <string_view>

#include <sys/epoll.h>
#include <unistd.h>

#include "../../trades.hpp"
#include "compression.hpp"
#include "process.hpp"
#include "scenarios.hpp"

namespace wirespan::bench {
namespace {

constexpr std::size_t room_size = std::size_t{1} << 20;
/// Messages after which a connection begins again with the first one: more than any window holds.
constexpr std::size_t different_messages = 512;

}  // namespace

CompressedRun::CompressedRun(const LoadOptions& options)
    : options_(options),
      messages_(trades(different_messages, options.size)),
      room_(room_size),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  open_clients();
}

CompressedRun::~CompressedRun() {
  for (const auto& client : clients_) client->stream.reset_on_close();
  ::close(epoll_);
}

void CompressedRun::open_clients() {
  const Agreed wish = agreed_on(options_);
  pool_ = make_pool(wish);
  for (std::size_t i = 0; i < options_.connections; ++i) {
    Stream stream(options_.port, nullptr);
    if (!options_.raw) upgrade_compressed(stream, wish);
    stream.stop_blocking();
    clients_.push_back(std::make_unique<Client>(std::move(stream), make_client(wish, pool_)));
    clients_.back()->next = clients_.back()->awaited = i * 7 % messages_.size();
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = clients_.back().get();
    (void)::epoll_ctl(epoll_, EPOLL_CTL_ADD, clients_.back()->stream.descriptor(), &event);
  }
}

void CompressedRun::run() {
  for (const auto& client : clients_) start_batch(*client);
  run_for(options_.warm_up);
  latency_.clear();
  bytes_at_start_ = bytes_;
  start_ = totals_now(options_.server, echoes_);
  run_for(options_.time);
  end_ = totals_now(options_.server, echoes_);
}

void CompressedRun::run_for(std::chrono::duration<double> time) {
  const std::uint64_t end = now() + static_cast<std::uint64_t>(time.count() * 1e9);
  std::array<epoll_event, 512> events;
  while (now() < end) {
    const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 100);
    for (int i = 0; i < count; ++i) {
      on_readable(*static_cast<Client*>(events[static_cast<std::size_t>(i)].data.ptr));
    }
  }
}

void CompressedRun::start_batch(Client& client) {
  client.started = now();
  for (std::size_t i = 0; i < options_.depth; ++i) {
    const std::string& message = messages_[client.next++ % messages_.size()];
    if (client.connection.send(Opcode::text, wire_bytes(message), true, Compress::if_agreed,
                               TextCheck::done)) {
      throw std::runtime_error("a message cannot be sent");
    }
  }
  ByteBuffer& output = client.connection.output();
  while (!output.empty()) output.consume(client.stream.send(output.data()));
}

void CompressedRun::on_readable(Client& client) {
  while (const std::size_t size = client.stream.receive(room_)) {
    bytes_ += size;
    on_bytes(client, MutableBytes(room_).first(size));
  }
}

void CompressedRun::on_bytes(Client& client, MutableBytes bytes) {
  client.connection.feed(bytes);
  for (Event event = client.connection.next(); !std::holds_alternative<NeedInput>(event);
       event = client.connection.next()) {
    const auto* message = std::get_if<Message>(&event);
    if (message == nullptr) throw std::runtime_error("the server sent something else");
    if (message->text() != messages_[client.awaited++ % messages_.size()]) {
      throw std::runtime_error("what came back is not what was sent");
    }
    ++echoes_;
    latency_.add(now() - client.started, 1);
  }
  if (client.awaited == client.next) start_batch(client);
}

void CompressedRun::print() const {
  const double echoes = static_cast<double>(end_.messages - start_.messages);
  if (static_cast<double>(bytes_ - bytes_at_start_) > 0.9 * echoes * double(options_.size)) {
    throw std::runtime_error("the echoes are not compressed");
  }
  print_window(start_, end_, latency_, static_cast<double>(bytes_ - bytes_at_start_) / echoes);
}

void run_compressed(const LoadOptions& options) {
  CompressedRun run(options);
  run.run();
  run.print();
}

}  // namespace wirespan::bench
