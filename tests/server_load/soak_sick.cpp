// soak_sick.cpp - what each kind of sick peer of the soak does.
#include "soak_sick.hpp"

#include <cstdio>
#include <exception>

#include "swarm.hpp"

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;

/// Peers at one time.
constexpr std::size_t crowd_size = 30;

/// Makes a peer sick in its own way, once it is open.
void misbehave(Swarm& swarm, Swarm::Client& client) {
  switch (client.index % 6) {
    case 0:
    case 1:
    case 2:  // asks for more than it reads
      client.reads = false;
      for (int i = 0; i < 4; ++i) swarm.send(client, client_frame(0x81, "much"));
      break;
    case 3:  // stops inside a message
      swarm.send(client, client_frame(0x01, "and then"));
      break;
    case 4:  // a reserved opcode
      swarm.send(client, client_frame(0x83, "?"));
      break;
    default:  // cut in the middle of a frame header
      swarm.send(client, client_frame(0x81, "much").substr(0, 1));
      break;
  }
}

}  // namespace

SoakSick::SoakSick(std::uint16_t port) : port_(port), thread_([this] { run(); }) {}

SoakSick::~SoakSick() { (void)finish(); }

std::uint64_t SoakSick::finish() {
  over_ = true;
  if (thread_.joinable()) thread_.join();
  return count_;
}

void SoakSick::run() {
  try {
    while (!over_) crowd();
  } catch (const std::exception& error) {
    std::printf("sick peers: %s\n", error.what());
  }
}

/// One crowd lives for a second; those that stop inside the handshake are in a swarm of their own.
void SoakSick::crowd() {
  Swarm open(port_);
  open.receive_buffer = 4096;
  open.on_open = [&](Swarm::Client& client) { misbehave(open, client); };
  open.add(crowd_size);
  Swarm opening(port_);
  opening.on_connected = [&](Swarm::Client& client) {
    opening.send(client, client_request().substr(0, 20));
  };
  opening.add(5);
  const auto end = LoadClock::now() + 1s;
  const auto is_over = [&] { return over_ || LoadClock::now() > end; };
  while (!is_over()) {
    (void)open.run_until(is_over, 50ms);
    (void)opening.run_until(is_over, 10ms);
  }
  count_ += open.size() + opening.size();
}

}  // namespace wirespan::test
