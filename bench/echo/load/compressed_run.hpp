// compressed_run.hpp - one run of the scenario "compressed": echoes of messages that are
// compressed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "histogram.hpp"
#include "options.hpp"
#include "stream.hpp"
#include "window.hpp"
#include <wirespan/core/connection.hpp>
#include <wirespan/core/permessage_deflate.hpp>

namespace wirespan::bench {

/// Loads an echo server with trades as JSON, no two messages of a connection alike for some time,
/// closed loop. The load compresses and inflates with zlib, and counts the bytes of the echoes. An
/// echo that differs from its message, or is not compressed, ends the run with an exception.
class CompressedRun {
 public:
  explicit CompressedRun(const LoadOptions& options);
  ~CompressedRun();
  CompressedRun(const CompressedRun&) = delete;
  CompressedRun& operator=(const CompressedRun&) = delete;

  void run();
  void print() const;

 private:
  /// A client of our own library. Its codec has no libdeflate: the pool keeps too little for that.
  struct Client {
    Client(Stream opened, Connection with)
        : stream(std::move(opened)), connection(std::move(with)) {}
    Stream stream;
    Connection connection;
    std::size_t next = 0;       // index of the message to send next
    std::size_t awaited = 0;    // index of the message whose echo comes next
    std::uint64_t started = 0;  // when the batch was sent
  };

  void open_clients();
  void run_for(std::chrono::duration<double> time);
  void start_batch(Client& client);
  void on_readable(Client& client);
  void on_bytes(Client& client, MutableBytes bytes);

  LoadOptions options_;
  std::vector<std::string> messages_;
  std::shared_ptr<DeflatePool> pool_;
  std::vector<std::byte> room_;
  std::vector<std::unique_ptr<Client>> clients_;
  int epoll_ = -1;
  std::uint64_t echoes_ = 0;
  std::uint64_t bytes_ = 0;  // of the frames of the echoes
  Histogram latency_;
  Totals start_;
  Totals end_;
  std::uint64_t bytes_at_start_ = 0;
};

}  // namespace wirespan::bench
