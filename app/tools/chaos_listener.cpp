// chaos_listener.cpp - accepts clients, and owns their connections until they are over.
#include "chaos_listener.hpp"

#include <chrono>
#include <cstdio>
#include <system_error>
#include <utility>

namespace chaos {
namespace {

/// Time without accepting after the system had no descriptor for a connection.
constexpr std::chrono::milliseconds accept_rest{100};

}  // namespace

Listener::Listener(wirespan::net::EventLoop& loop, const Options& options)
    : loop_(loop), options_(options), random_(options.seed) {
  const auto fd = loop.network().listen(options.listen, {});
  if (!fd) throw std::system_error(fd.error(), "--listen " + options.listen.to_string());
  fd_ = *fd;
  if (const auto bound = loop.network().local_endpoint(fd_)) local_ = *bound;
  const auto error = loop.watch(fd_, wirespan::net::Interest::read, *this);
  if (!error) return;
  close();
  throw std::system_error(error, "--listen " + options.listen.to_string());
}

Listener::~Listener() { close(); }

void Listener::close() noexcept {
  if (fd_ < 0) return;
  loop_.timers().cancel(*this);
  loop_.forget(fd_, *this);
  loop_.network().close(std::exchange(fd_, -1));
}

void Listener::on_ready(wirespan::net::Readiness) {
  while (fd_ >= 0) {
    const auto accepted = loop_.network().accept(fd_);
    if (accepted) {
      accept(accepted->fd);
    } else if (accepted.error() == std::errc::operation_would_block) {
      return;
    } else if (accepted.error() != std::errc::connection_aborted) {
      std::fprintf(stderr, "chaos_proxy: accept: %s\n", accepted.error().message().c_str());
      (void)loop_.watch(fd_, wirespan::net::Interest::none, *this);
      return loop_.timers().schedule(*this, loop_.now() + accept_rest);
    }
  }
}

void Listener::on_timer(TimePoint) { (void)loop_.watch(fd_, wirespan::net::Interest::read, *this); }

/// Draws for every connection, hurt or not, so that the n-th one depends on the seed alone.
bool Listener::is_hurt() {
  constexpr double steps = 9007199254740992.0;  // 2^53: each step is one double from 0 to 1
  return static_cast<double>(random_() >> 11U) / steps < options_.probability;
}

void Listener::accept(int client) {
  const std::size_t number = ++accepted_;
  const bool hurt = is_hurt();
  const Faults up = hurt ? options_.faults_of(number, Direction::up) : Faults();
  const Faults down = hurt ? options_.faults_of(number, Direction::down) : Faults();
  auto link = std::make_unique<Link>(
      loop_, client, up, down, random_(),
      [this, number](Link& one, std::string_view how) { on_over(number, one, how); });
  link->connect(options_.to);
  links_.emplace(number, std::move(link));
  if (accepted_ == options_.count) close();
}

void Listener::on_over(std::size_t number, Link& link, std::string_view how) {
  if (options_.verbose) {
    std::printf("connection %zu: %llu bytes up, %llu bytes down: %.*s\n", number,
                static_cast<unsigned long long>(link.bytes_up()),
                static_cast<unsigned long long>(link.bytes_down()), static_cast<int>(how.size()),
                how.data());
    std::fflush(stdout);
  }
  const auto found = links_.find(number);
  loop_.retire(std::move(found->second));
  links_.erase(found);
  if (fd_ < 0 && links_.empty()) loop_.stop();
}

}  // namespace chaos
