// client_run.hpp - what all measured clients share: arguments, batches back and forth, one line of
// JSON. C++17, because not all of the libraries compile as anything later.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace wirespan::bench {

/// A client sends `depth` messages, waits for as many, and so on until the time is over.
class ClientRun {
 public:
  /// PORT SIZE DEPTH SECONDS [busy]; ends the process if they are something else.
  ClientRun(int argc, char** argv);
  ~ClientRun();
  ClientRun(const ClientRun&) = delete;
  ClientRun& operator=(const ClientRun&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] std::string url() const;
  [[nodiscard]] std::size_t depth() const noexcept { return depth_; }
  /// It is to look for answers without sleeping.
  [[nodiscard]] bool busy() const noexcept { return busy_; }
  /// Bytes of a binary message.
  [[nodiscard]] const std::string& payload() const noexcept { return payload_; }

  /// Before the first message of a batch is sent.
  void begin_batch();
  /// An echo has come. Ends the process with an error if it is not what was sent.
  void check(const void* data, std::size_t size) const;
  /// The batch is back. False: the time is over, the result is printed.
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
