// deflate_memory.cpp - memory of a compressed connection for each DeflateContext: as counted, and
// as the resident set of many connections; bytes on the wire and time to send for a message of 3
// KB. Prints the table of core/README.md.
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include <wirespan/core/connection.hpp>
#include <wirespan/core/permessage_deflate.hpp>

namespace {

using namespace wirespan;

constexpr int connections = 1000;
constexpr int messages = 20;

struct Mode {
  const char* name;
  DeflateContext context = DeflateContext::none;
  int window_bits = 15;
  int memory_level = 8;
  bool compressed = true;
};

constexpr std::array modes{
    Mode{.name = "no compression", .compressed = false},
    Mode{.name = "none"},
    Mode{.name = "dictionary", .context = DeflateContext::dictionary},
    Mode{.name = "dictionary", .context = DeflateContext::dictionary, .window_bits = 12},
    Mode{.name = "dictionary", .context = DeflateContext::dictionary, .window_bits = 10},
    Mode{.name = "stream", .context = DeflateContext::stream},
    Mode{.name = "stream", .context = DeflateContext::stream, .window_bits = 12, .memory_level = 5},
    Mode{.name = "stream", .context = DeflateContext::stream, .window_bits = 10, .memory_level = 3},
};

std::size_t resident_bytes() {
  std::FILE* file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr) return 0;
  unsigned long total = 0;
  unsigned long resident = 0;
  const int fields = std::fscanf(file, "%lu %lu", &total, &resident);
  (void)std::fclose(file);
  return fields == 2 ? resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) : 0;
}

/// About 3 KB of JSON, like a price feed.
std::string message(int number) {
  std::string text;
  for (int i = 0; text.size() < 3000; ++i) {
    text += "{\"symbol\":\"S" + std::to_string((number * 7 + i) % 500) +
            "\",\"price\":" + std::to_string((number * 31 + i * 17) % 10'000) + "},";
  }
  return text;
}

bool no_keys(void*, MaskKey& key) noexcept {
  key = {};
  return true;
}

/// Measures a server's connections, each after messages in both directions. The clients live in the
/// same process, but each is destroyed after its messages, so that only the servers' memory counts.
void measure(const Mode& mode) {
  const auto pool =
      std::make_shared<DeflatePool>(DeflateOptions{.send_context = mode.context,
                                                   .receive_context = mode.context,
                                                   .send_window_bits = mode.window_bits,
                                                   .receive_window_bits = mode.window_bits,
                                                   .memory_level = mode.memory_level});
  const bool forget = mode.context == DeflateContext::none;
  std::optional<DeflateParameters> agreed;
  if (mode.compressed) {
    agreed = DeflateParameters{.server_no_context_takeover = forget,
                               .client_no_context_takeover = forget,
                               .server_max_window_bits = mode.window_bits,
                               .client_max_window_bits = mode.window_bits};
  }
  const auto options = std::make_shared<ConnectionOptions>();
  options->mask_source = {.next = &no_keys};
  std::vector<std::string> texts;
  for (int i = 0; i < messages; ++i) texts.push_back(message(i));

  const std::size_t resident_before = resident_bytes();
  std::vector<std::unique_ptr<Connection>> servers;
  std::size_t counted = 0;
  std::size_t sent = 0;
  std::chrono::duration<double, std::micro> sending{};
  for (int i = 0; i < connections; ++i) {
    servers.push_back(std::make_unique<Connection>(Role::server, options,
                                                   make_deflate_codec(pool, Role::server, agreed)));
    Connection& server = *servers.back();
    Connection client(Role::client, options, make_deflate_codec(pool, Role::client, agreed));
    for (const std::string& text : texts) {
      const auto start = std::chrono::steady_clock::now();
      if (server.send(Opcode::text, wire_bytes(text))) std::abort();
      sending += std::chrono::steady_clock::now() - start;
      sent += server.output().size();
      if (client.send(Opcode::text, wire_bytes(text))) std::abort();
      server.feed(client.output().data());
      while (!std::holds_alternative<NeedInput>(server.next())) {
      }
      if (server.failed()) std::abort();
      client.output().clear();
      server.output().clear();
    }
    counted += sizeof(Connection) + server.memory();
  }
  const std::size_t resident = resident_bytes() - resident_before;
  constexpr double all = static_cast<double>(connections) * messages;
  std::printf("| %-14s | %2d | %d | %7zu | %7zu | %4.0f | %3.0f |\n", mode.name, mode.window_bits,
              mode.memory_level, counted / connections, resident / connections,
              static_cast<double>(sent) / all, sending.count() / all);
}

}  // namespace

int main() {
  std::printf(
      "| context | window bits | memory level | counted | resident | wire | us |\n"
      "|---|---|---|---|---|---|---|\n");
  for (const Mode& mode : modes) {
    (void)std::fflush(stdout);
    const pid_t child = ::fork();  // a process of its own: no mode reuses the memory of another
    if (child == 0) {
      measure(mode);
      return 0;
    }
    int status = 0;
    if (::waitpid(child, &status, 0) < 0 || status != 0) return 1;
  }
  return 0;
}
