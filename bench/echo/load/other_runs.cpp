// other_runs.cpp - the scenarios "idle" (memory) and "handshake" (connect, upgrade, drop).
#include <algorithm>
#include <array>
#include <cstdio>
#include <stdexcept>
#include <vector>

#include "process.hpp"
#include "scenarios.hpp"
#include "stream.hpp"
#include "traffic.hpp"

namespace wirespan::bench {
namespace {

/// Sends a batch and waits for all of it.
void touch(Stream& stream, const Traffic& traffic) {
  Bytes batch(traffic.batch);
  while (!batch.empty()) batch = batch.subspan(stream.send(batch));
  std::size_t awaited = traffic.reply.size() * traffic.depth;
  std::array<std::byte, 65536> room;
  while (awaited > 0) awaited -= std::min(awaited, stream.receive(room));
}

}  // namespace

void run_idle(const LoadOptions& options) {
  const TlsContext tls = options.tls ? make_tls_context() : nullptr;
  const Traffic traffic = make_traffic(options);
  {
    // The server's memory that is allocated once is not counted as a connection's.
    Stream first = open_stream(options, tls.get());
    touch(first, traffic);
  }
  const std::uint64_t before = resident_memory(options.server);
  std::vector<Stream> streams;
  streams.reserve(options.connections);
  for (std::size_t i = 0; i < options.connections; ++i) {
    streams.push_back(open_stream(options, tls.get()));
    touch(streams.back(), traffic);
    streams.back().reset_on_close();
  }
  const std::uint64_t after = resident_memory(options.server);
  std::printf("{\"at_start\": %llu, \"per_connection\": %.0f}\n",
              static_cast<unsigned long long>(before),
              (static_cast<double>(after) - static_cast<double>(before)) /
                  static_cast<double>(options.connections));
}

/// Opens `connections` at a time, so that the server finds more than one ready in a turn. With
/// `resume` they offer the session of one of those before them; a server that does not take it ends
/// the run.
void run_handshakes(const LoadOptions& options) {
  const TlsContext tls = options.tls ? make_tls_context() : nullptr;
  TlsSession session;
  if (options.resume) session = open_stream(options, tls.get()).session();
  const std::uint64_t start = now();
  const std::uint64_t cpu_before = cpu_time(options.server);
  const auto end = start + static_cast<std::uint64_t>(options.time.count() * 1e9);
  std::uint64_t count = 0;
  while (now() < end) {
    std::vector<Stream> streams;
    for (std::size_t i = 0; i < options.connections; ++i) {
      streams.emplace_back(options.port, tls.get(), session.get());
      streams.back().reset_on_close();
      if (session && !streams.back().has_resumed()) {
        throw std::runtime_error("the session was not resumed");
      }
    }
    for (Stream& stream : streams) request_upgrade(stream);
    for (Stream& stream : streams) (void)await_upgrade(stream);
    if (session) session = streams.back().session();
    count += streams.size();
  }
  const auto used = static_cast<double>(cpu_time(options.server) - cpu_before);
  std::printf("{\"handshakes\": %llu, \"per_second\": %.1f, \"server_us\": %.3f}\n",
              static_cast<unsigned long long>(count),
              static_cast<double>(count) * 1e9 / static_cast<double>(now() - start),
              used / 1000 / static_cast<double>(count));
}

}  // namespace wirespan::bench
