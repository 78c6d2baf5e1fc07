// world_plan.cpp - draws worlds: most are small, each has at most a few faults.
#include "simulation/world_plan.hpp"

#include <algorithm>
#include <array>
#include <sstream>

#include <wirespan/net/simulated_clock.hpp>

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;
using net::SimulatedClock;
using net::SimulatedDirection;
using net::SimulatedPath;

template <class Value, std::size_t N>
Value one_of(SimulatedClock& chance, const std::array<Value, N>& values) {
  return values[chance.draw(N)];
}

SimulatedDirection make_direction(SimulatedClock& chance) {
  SimulatedDirection direction;
  direction.latency =
      one_of(chance, std::array<std::chrono::nanoseconds, 4>{10us, 1ms, 20ms, 80ms});
  direction.jitter = one_of(chance, std::array<std::chrono::nanoseconds, 3>{0us, 1ms, 30ms});
  if (chance.draw(4) == 0) direction.loss = 0.02;
  direction.buffer = one_of(chance, std::array<std::size_t, 4>{1, 700, 16 << 10, 64 << 10});
  direction.most_per_write = one_of(chance, std::array<std::size_t, 4>{0, 0, 3, 500});
  direction.most_per_read = one_of(chance, std::array<std::size_t, 4>{0, 0, 3, 500});
  if (direction.most_per_write == 3) direction.loss = 0;  // a packet for every three bytes
  if (direction.buffer == 1) {                            // one byte a round trip
    direction.latency = 10us;
    direction.jitter = 0us;
    direction.loss = 0;
  }
  return direction;
}

/// Bytes of a message that passes in less than a few thousand steps.
std::size_t bearable(const SimulatedDirection& direction) {
  const bool is_slow =
      direction.buffer == 1 || direction.most_per_write == 3 || direction.most_per_read == 3;
  return is_slow ? 300 : SIZE_MAX;
}

SimulatedPath make_path(SimulatedClock& chance) {
  return {.up = make_direction(chance), .down = make_direction(chance)};
}

/// Adds one fault, somewhere in the first bytes: the handshakes and the first messages.
void hurt(SimulatedPath& path, SimulatedClock& chance) {
  SimulatedDirection& direction = chance.draw(2) == 0 ? path.up : path.down;
  const std::uint64_t at = chance.draw(chance.draw(2) == 0 ? 600 : 20'000);
  switch (chance.draw(6)) {
    case 0:
      path.answers = false;
      break;
    case 1:
      path.connect_error = make_error_code(std::errc::host_unreachable);
      break;
    case 2:
      direction.stall_after = at;
      direction.stall = 2s;
      break;
    case 3:
      direction.silent_after = at;
      break;
    default:
      direction.reset_after = at;
      break;
  }
}

ClientPlan make_client(SimulatedClock& chance, bool is_first) {
  ClientPlan client;
  const bool is_sick = !is_first && chance.draw(3) == 0;
  client.kind = static_cast<ClientKind>(chance.draw(3) + (is_sick ? 3 : 0));
  client.messages = static_cast<int>(1 + chance.draw(chance.draw(4) == 0 ? 30 : 4));
  client.largest = one_of(chance, std::array<std::size_t, 4>{10, 200, 3'000, 40'000});
  client.pause = one_of(chance, std::array<std::chrono::milliseconds, 3>{0ms, 1ms, 700ms});
  client.from_other_thread = client.kind != ClientKind::blocking && chance.draw(2) == 0;
  client.compresses = chance.draw(4) == 0;
  client.reconnects = client.kind != ClientKind::blocking && chance.draw(2) == 0;
  client.subscribes = client.kind != ClientKind::blocking && chance.draw(2) == 0;
  if (chance.draw(4) == 0) client.ping_interval = 3s;
  client.name_delay = one_of(chance, std::array<std::chrono::milliseconds, 3>{0ms, 5ms, 4000ms});
  for (std::uint64_t attempts = 1 + chance.draw(3); attempts > 0; --attempts) {
    client.paths.push_back(make_path(chance));
    const SimulatedPath& path = client.paths.back();
    client.largest = std::min({client.largest, bearable(path.up), bearable(path.down)});
  }
  if (!is_first && chance.draw(2) == 0) {
    for (std::size_t i = 0; i < client.paths.size(); ++i) {
      if (i == 0 || chance.draw(2) == 0) hurt(client.paths[i], chance);
    }
  }
  return client;
}

const char* name_of(ClientKind kind) {
  constexpr std::array names{"app",          "app_on_loop", "blocking",
                             "says_nothing", "never_reads", "breaks_rules"};
  return names[static_cast<std::size_t>(kind)];
}

void describe_direction(std::ostream& out, const char* name, const SimulatedDirection& d) {
  out << ' ' << name << "(latency " << d.latency.count() << " ns, jitter " << d.jitter.count()
      << " ns, loss " << d.loss << ", buffer " << d.buffer << ", writes " << d.most_per_write
      << ", reads " << d.most_per_read;
  if (d.reset_after) out << ", RESET after " << *d.reset_after;
  if (d.silent_after) out << ", SILENT after " << *d.silent_after;
  if (d.stall_after) out << ", STALL after " << *d.stall_after;
  out << ')';
}

bool is_whole(const SimulatedDirection& d) {
  return !d.reset_after && !d.silent_after && !d.stall_after;
}

template <class Change>
void add_changed(std::vector<WorldPlan>& plans, const WorldPlan& plan, Change change) {
  WorldPlan less = plan;
  if (change(less)) plans.push_back(std::move(less));
}

/// Sets `value` to `plain`; false if it is that already.
template <class Value>
bool simplify(Value& value, const Value& plain) {
  if (value == plain) return false;
  value = plain;
  return true;
}

bool simplify_direction(SimulatedDirection& d, int what) {
  const SimulatedDirection plain;
  switch (what) {
    case 0:
      return simplify(d.jitter, plain.jitter) || simplify(d.loss, plain.loss);
    case 1:
      return simplify(d.buffer, plain.buffer);
    case 2:
      return simplify(d.most_per_read, plain.most_per_read);
    case 3:
      return simplify(d.most_per_write, plain.most_per_write);
    case 4:
      return simplify(d.reset_after, plain.reset_after);
    case 5:
      return simplify(d.silent_after, plain.silent_after);
    default:
      return simplify(d.stall_after, plain.stall_after);
  }
}

void add_smaller_clients(std::vector<WorldPlan>& plans, const WorldPlan& plan, std::size_t i) {
  const auto change = [&](auto how) {
    add_changed(plans, plan, [&](WorldPlan& p) { return how(p.clients[i]); });
  };
  change([](ClientPlan& c) { return c.messages > 1 && (c.messages /= 2) > 0; });
  change([](ClientPlan& c) { return c.largest > 10 && (c.largest /= 4) > 0; });
  change([](ClientPlan& c) { return simplify(c.compresses, false); });
  change([](ClientPlan& c) { return simplify(c.subscribes, false); });
  change([](ClientPlan& c) { return simplify(c.from_other_thread, false); });
  change([](ClientPlan& c) { return simplify(c.ping_interval, std::chrono::milliseconds(0)); });
  change([](ClientPlan& c) { return simplify(c.name_delay, std::chrono::milliseconds(5)); });
  change([](ClientPlan& c) { return simplify(c.pause, std::chrono::milliseconds(0)); });
  change([](ClientPlan& c) { return c.paths.size() > 1 && (c.paths.pop_back(), true); });
  for (std::size_t path = 0; path < plan.clients[i].paths.size(); ++path) {
    for (int what = 0; what < 7; ++what) {
      change([&](ClientPlan& c) { return simplify_direction(c.paths[path].up, what); });
      change([&](ClientPlan& c) { return simplify_direction(c.paths[path].down, what); });
    }
  }
}

/// Adds peers that never read beside a slow reader with long messages: together they want more than
/// the budget of the server's loop.
void crowd(WorldPlan& plan, SimulatedClock& chance) {
  ClientPlan& first = plan.clients.front();
  first.messages = 12;
  first.largest = 40'000;
  first.compresses = false;
  for (SimulatedPath& path : first.paths) {
    path.up = {};
    path.down = {.latency = 20ms, .buffer = std::size_t{1} << (10 + chance.draw(5))};
  }
  for (std::uint64_t i = 2 + chance.draw(2); i > 0; --i) {
    plan.clients.push_back({.kind = ClientKind::never_reads, .paths = {{}}});
  }
}

/// A server's session tickets and a client's request cross each other, and neither end reads before
/// it has written: with less room than any system gives they would wait for each other.
void make_room_for_tickets(WorldPlan& plan) {
  for (ClientPlan& client : plan.clients) {
    for (SimulatedPath& path : client.paths) {
      path.up.buffer = std::max<std::size_t>(path.up.buffer, 4096);
      path.down.buffer = std::max<std::size_t>(path.down.buffer, 4096);
    }
  }
}

}  // namespace

bool ClientPlan::is_healthy() const noexcept {
  return is_ours() && std::ranges::all_of(paths, [](const SimulatedPath& path) {
           return path.answers && !path.connect_error && is_whole(path.up) && is_whole(path.down);
         });
}

WorldPlan make_plan(std::uint64_t seed) {
  SimulatedClock chance(seed * 2 + 1);
  WorldPlan plan;
  plan.seed = seed;
  plan.tls = chance.draw(16) == 0;
  if (chance.draw(4) == 0) plan.closes_after = static_cast<int>(1 + chance.draw(5));
  if (chance.draw(3) == 0) plan.published = static_cast<int>(1 + chance.draw(10));
  if (chance.draw(4) == 0) plan.server_ping = 2s;
  for (std::uint64_t clients = 1 + chance.draw(4); clients > 0; --clients) {
    plan.clients.push_back(make_client(chance, plan.clients.empty()));
  }
  if (chance.draw(16) == 0) crowd(plan, chance);
  if (plan.tls) make_room_for_tickets(plan);
  return plan;
}

std::string describe(const WorldPlan& plan) {
  std::ostringstream out;
  out << "seed " << plan.seed << (plan.tls ? ", TLS" : "") << ", server closes after "
      << plan.closes_after << ", publishes " << plan.published << ", pings every "
      << plan.server_ping.count() << " ms\n";
  for (const ClientPlan& client : plan.clients) {
    out << "  " << name_of(client.kind) << ": " << client.messages << " messages of at most "
        << client.largest << " bytes, every " << client.pause.count() << " ms"
        << (client.from_other_thread ? ", from another thread" : "")
        << (client.compresses ? ", compressed" : "") << (client.reconnects ? ", reconnects" : "")
        << (client.subscribes ? ", subscribes" : "") << ", pings every "
        << client.ping_interval.count() << " ms, name after " << client.name_delay.count()
        << " ms\n";
    for (const SimulatedPath& path : client.paths) {
      out << "    path" << (path.answers ? "" : " NO ANSWER")
          << (path.connect_error ? " " + path.connect_error.message() : "");
      describe_direction(out, "up", path.up);
      describe_direction(out, "down", path.down);
      out << '\n';
    }
  }
  return out.str();
}

std::vector<WorldPlan> smaller(const WorldPlan& plan) {
  std::vector<WorldPlan> plans;
  for (std::size_t i = 0; i < plan.clients.size() && plan.clients.size() > 1; ++i) {
    add_changed(plans, plan, [&](WorldPlan& p) {
      p.clients.erase(p.clients.begin() + static_cast<std::ptrdiff_t>(i));
      return true;
    });
  }
  add_changed(plans, plan, [](WorldPlan& p) { return simplify(p.tls, false); });
  add_changed(plans, plan, [](WorldPlan& p) { return simplify(p.closes_after, 0); });
  add_changed(plans, plan, [](WorldPlan& p) { return simplify(p.published, 0); });
  add_changed(plans, plan,
              [](WorldPlan& p) { return simplify(p.server_ping, std::chrono::milliseconds(0)); });
  for (std::size_t i = 0; i < plan.clients.size(); ++i) add_smaller_clients(plans, plan, i);
  return plans;
}

}  // namespace wirespan::test
