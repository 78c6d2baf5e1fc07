// raw_server.cpp - accepts connections and runs a script for each on a thread.
#include "support/raw_server.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

namespace wirespan::test {
namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

net::UniqueFd bound_socket() {
  net::UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = loopback(0);
  const auto* raw = reinterpret_cast<const sockaddr*>(&address);
  if (::bind(fd.get(), raw, sizeof address) != 0) throw std::runtime_error("cannot bind");
  return fd;
}

std::uint16_t port_of(const net::UniqueFd& fd) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

/// True if the attempt has an answer within 200 ms.
bool try_connect(const net::UniqueFd& fd, std::uint16_t port) {
  const sockaddr_in address = loopback(port);
  (void)::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  pollfd entry{.fd = fd.get(), .events = POLLOUT, .revents = 0};
  return ::poll(&entry, 1, 200) > 0;
}

}  // namespace

RawServer::RawServer(Script script, const Link& link)
    : RawServer(std::vector<Script>{std::move(script)}, link) {}

RawServer::RawServer(std::vector<Script> scripts, const Link& link)
    : scripts_(std::move(scripts)),
      link_(link),
      tls_(link.for_server()),
      listener_(bound_socket()) {
  if (::listen(listener_.get(), SOMAXCONN) != 0) throw std::runtime_error("cannot listen");
  port_ = port_of(listener_);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  stop_read_ = net::UniqueFd(ends[0]);
  stop_write_ = net::UniqueFd(ends[1]);
  acceptor_ = std::thread([this] { accept_until_stopped(); });
}

RawServer::~RawServer() {
  { const net::UniqueFd closed = std::move(stop_write_); }
  acceptor_.join();
  for (Talker& talker : talkers_) talker.thread.join();
}

void RawServer::wait() const {
  EXPECT_TRUE(eventually([this] { return accepted_ > 0 && done_ == accepted_; }, 40s))
      << done_ << " of " << accepted_ << " scripts have ended";
}

std::string RawServer::url(const std::string& resource) const { return link_.url(port_, resource); }

std::string RawServer::authority() const { return "127.0.0.1:" + std::to_string(port_); }

void RawServer::accept_until_stopped() {
  while (true) {
    pollfd entries[2]{{.fd = listener_.get(), .events = POLLIN, .revents = 0},
                      {.fd = stop_read_.get(), .events = POLLIN, .revents = 0}};
    if (::poll(entries, 2, -1) < 0) continue;
    if (entries[1].revents != 0) return;
    const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    const auto index = std::min(static_cast<std::size_t>(accepted_++), scripts_.size() - 1);
    join_those_that_are_over();
    auto over = std::make_shared<std::atomic<bool>>(false);
    std::thread talker([this, fd, index, over] {
      serve(fd, scripts_[index]);
      *over = true;
    });
    talkers_.push_back({std::move(talker), std::move(over)});
  }
}

/// A test may make thousands of connections, so finished threads are joined early.
void RawServer::join_those_that_are_over() {
  std::erase_if(talkers_, [](Talker& talker) {
    if (!*talker.over) return false;
    talker.thread.join();
    return true;
  });
}

void RawServer::serve(int fd, const Script& script) {
  RawPeer peer(fd);
  if (tls_) {
    try {
      peer.secure_as_server(*tls_);
    } catch (const PeerError&) {
      ++refused_by_tls_;
      ++done_;
      return;
    }
  }
  try {
    script(peer);
  } catch (const std::exception& error) {
    ADD_FAILURE() << "script of the server: " << error.what();
  }
  ++done_;
  peer.finish();
}

void echo_script(RawPeer& peer) {
  (void)peer.accept();
  peer.echo();
}

RawServer::Script answering(std::string answer) {
  return [answer = std::move(answer)](RawPeer& peer) {
    (void)peer.read_head();
    (void)peer.write(answer);
  };
}

std::uint16_t unused_port() { return port_of(bound_socket()); }

BlackHole::BlackHole() : listener_(bound_socket()) {
  if (::listen(listener_.get(), 0) != 0) throw std::runtime_error("cannot listen");
  port_ = port_of(listener_);
  while (true) {
    net::UniqueFd filler(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const bool connected = try_connect(filler, port_);
    fillers_.push_back(std::move(filler));
    if (!connected) return;
    if (fillers_.size() > 100) throw std::runtime_error("the queue does not fill up");
  }
}

bool eventually(const std::function<bool()>& condition, Milliseconds patience) {
  const auto latest = Clock::now() + patience;
  while (!condition()) {
    if (Clock::now() > latest) return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

void Signal::wait() const {
  EXPECT_TRUE(eventually([this] { return is_set(); })) << "the signal did not come";
}

}  // namespace wirespan::test
