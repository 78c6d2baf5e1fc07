// world.cpp - a world from its beginning to its end.
#include "simulation/world.hpp"

#include <algorithm>
#include <charconv>
#include <memory>

#include "simulation/world_state.hpp"

namespace wirespan::test {
namespace {

using namespace std::chrono_literals;

char filler(std::size_t client, int number, std::size_t at) {
  return static_cast<char>('a' + (client * 7 + static_cast<std::size_t>(number) * 3 + at) % 26);
}

bool read_number(std::string_view& text, int& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end == text.data() + text.size() || *end != ':') return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  return true;
}

/// Each client has an address of the server of its own, by which its paths are found.
void lay_paths(WorldState& world, std::vector<std::size_t>& attempts) {
  attempts.resize(world.plan.clients.size());
  for (std::size_t i = 0; i < world.plan.clients.size(); ++i) {
    world.network.set_name("c" + std::to_string(i) + ".test",
                           {.addresses = {"192.0.2." + std::to_string(i + 1)},
                            .delay = world.plan.clients[i].name_delay});
  }
  world.network.set_path([&world, &attempts](const net::Endpoint& peer) {
    const std::string host = peer.host();
    const auto i = static_cast<std::size_t>(std::stoi(host.substr(host.rfind('.') + 1)) - 1);
    const auto& paths = world.plan.clients[i].paths;
    const std::size_t attempt = attempts[i]++;
    return attempt < paths.size() ? paths[attempt] : net::SimulatedPath{};
  });
}

void run_to_the_end(WorldState& world) {
  try {
    if (!world.network.run_for(2h)) {
      for (const std::string& name : world.network.waiting()) {
        world.report.broken.push_back("never ended: " + name);
      }
    }
  } catch (const std::exception& error) {
    world.report.broken.push_back(error.what());
  }
}

}  // namespace

std::string make_message(std::size_t client, int n, std::size_t largest) {
  std::string text = std::to_string(client) + ":" + std::to_string(n) + ":";
  const std::size_t size = (static_cast<std::size_t>(n) * 7919 + client * 104'729) % (largest + 1);
  while (text.size() < size) text.push_back(filler(client, n, text.size()));
  return text;
}

NumberedMessage read_message(std::string_view text) {
  const std::string_view whole = text;
  NumberedMessage found;
  if (!read_number(text, found.client) || !read_number(text, found.number)) return {};
  for (std::size_t at = whole.size() - text.size(); at < whole.size(); ++at) {
    const char expected = filler(static_cast<std::size_t>(found.client), found.number, at);
    if (whole[at] != expected) return {};
  }
  return found;
}

std::string url_for(const WorldState& world, std::size_t i) {
  return std::string(world.plan.tls ? "wss" : "ws") + "://c" + std::to_string(i) +
         ".test:" + std::to_string(world.port) + "/";
}

std::shared_ptr<void> start_client(WorldState& world, std::size_t i) {
  const ClientPlan& client = world.plan.clients[i];
  if (client.kind == ClientKind::blocking) start_blocking(world, i);
  if (!client.is_ours()) start_sick(world, i);
  return client.is_ours() && client.kind != ClientKind::blocking ? start_app(world, i) : nullptr;
}

WorldReport run_world(const WorldPlan& plan) {
  auto world = std::make_unique<WorldState>(plan);
  world->last_at_server.assign(plan.clients.size(), -1);
  world->received_by_server.assign(plan.clients.size(), 0);
  world->clients_left = plan.clients.size();
  std::vector<std::size_t> attempts;
  lay_paths(*world, attempts);
  {
    const std::shared_ptr<void> server = start_server(*world);
    std::vector<std::shared_ptr<void>> clients;
    for (std::size_t i = 0; i < plan.clients.size(); ++i) {
      clients.push_back(start_client(*world, i));
    }
    run_to_the_end(*world);
    if (!world->network.waiting().empty()) {  // their stacks use all of this: it has to stay
      WorldReport report = world->report;
      static std::vector<std::shared_ptr<void>> left;
      left.push_back(server);
      left.insert(left.end(), clients.begin(), clients.end());
      (void)world.release();
      return report;
    }
  }
  if (const std::size_t open = world->network.open_descriptors()) {
    world->report.broken.push_back(std::to_string(open) + " descriptors are left");
  }
  world->report.steps = world->network.steps();
  world->report.simulated_seconds =
      std::chrono::duration<double>(world->network.now() - TimePoint(1h)).count();
  return world->report;
}

}  // namespace wirespan::test
