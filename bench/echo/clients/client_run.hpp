// client_run.hpp - shared by all benchmark clients: arguments, batches of echoes, one line of JSON.
// C++17, because not all of the libraries compile as a later version.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace wirespan::bench {

/// One measured run of a client: it sends a batch of `depth` messages, waits for all echoes, and
/// starts the next batch, until the time is over. Times before the warm-up has ended do not count.
class ClientRun {
 public:
  /// Parses PORT SIZE DEPTH SECONDS [busy]; ends the process if the arguments are others.
  ClientRun(int argc, char** argv);
  ~ClientRun();
  ClientRun(const ClientRun&) = delete;
  ClientRun& operator=(const ClientRun&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] std::string url() const;
  [[nodiscard]] std::size_t depth() const noexcept { return depth_; }
  /// The client is to poll for echoes without sleeping.
  [[nodiscard]] bool busy() const noexcept { return busy_; }
  /// The payload of each binary message.
  [[nodiscard]] const std::string& payload() const noexcept { return payload_; }

  /// Starts the clock of a batch; called before its first message is sent.
  void begin_batch();
  /// Compares an echo with the payload; ends the process with an error if they differ.
  void check(const void* data, std::size_t size) const;
  /// Counts a batch whose echoes have all come. False once the time is over and the result printed.
  [[nodiscard]] bool end_batch();

 private:
  struct Figures;
  void print() const;

  std::uint16_t port_ = 0;
  std::size_t depth_ = 0;
  bool busy_ = false;
  std::string payload_;
  std::unique_ptr<Figures> figures_;
};

}  // namespace wirespan::bench
