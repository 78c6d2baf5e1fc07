// wire.hpp - a connection in memory between two ByteTransports, with fault injection on both ends.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <system_error>

#include "support/fail_after.hpp"
#include "support/hex.hpp"
#include <wirespan/net/stream.hpp>

namespace wirespan::test {

/// State and faults of one end. A test may change every member at any time, also after the
/// transport was handed over.
struct WireEnd {
  std::size_t most_per_read = SIZE_MAX;
  std::size_t most_per_write = SIZE_MAX;
  std::size_t most_in_flight = SIZE_MAX;  ///< Written and not yet read by the other end.
  FailAfter* block = nullptr;             ///< The operation that it does not allow would block.
  bool blocks_the_other_way = false;      ///< Then a read returns want_write, a write want_read.
  FailAfter* fail = nullptr;    ///< The operation that it does not allow resets the connection.
  std::size_t overstate = 0;    ///< Bytes that a result claims too many.
  bool states_nothing = false;  ///< Operations return success with 0 bytes.

  ByteVector incoming;  ///< Bytes to be read, from `taken` on.
  std::size_t taken = 0;
  bool ended = false;              ///< The peer has ended its direction.
  std::error_code broken{};        ///< Error of reading and writing.
  std::error_code write_broken{};  ///< Error of writing.
  int reads = 0;
  int writes = 0;
  int shutdowns = 0;
  bool closed = false;  ///< The transport has been destroyed.

  [[nodiscard]] std::size_t unread() const noexcept { return incoming.size() - taken; }
  void arrive(Bytes bytes) { incoming.insert(incoming.end(), bytes.begin(), bytes.end()); }
};

/// Two ends; bytes written at one arrive at the other.
struct Wire {
  std::shared_ptr<WireEnd> client = std::make_shared<WireEnd>();
  std::shared_ptr<WireEnd> server = std::make_shared<WireEnd>();

  [[nodiscard]] std::unique_ptr<net::ByteTransport> client_transport() const;
  [[nodiscard]] std::unique_ptr<net::ByteTransport> server_transport() const;
};

class WireTransport final : public net::ByteTransport {
 public:
  WireTransport(std::shared_ptr<WireEnd> here, std::shared_ptr<WireEnd> there)
      : here_(std::move(here)), there_(std::move(there)) {}
  ~WireTransport() override {
    here_->closed = true;
    there_->ended = true;
  }
  WireTransport(const WireTransport&) = delete;
  WireTransport& operator=(const WireTransport&) = delete;

  [[nodiscard]] int fd() const noexcept override { return 1234; }

  [[nodiscard]] net::IoResult read_some(MutableBytes in) override {
    ++here_->reads;
    const auto blocked = here_->blocks_the_other_way ? net::IoStatus::want_write  //
                                                     : net::IoStatus::want_read;
    if (const auto result = accident(blocked)) return *result;
    if (here_->unread() == 0) {
      return {.status = here_->ended ? net::IoStatus::eof : net::IoStatus::want_read};
    }
    const std::size_t size = std::min({in.size(), here_->unread(), here_->most_per_read});
    std::copy_n(here_->incoming.begin() + static_cast<std::ptrdiff_t>(here_->taken), size,
                in.begin());
    here_->taken += size;
    if (here_->unread() == 0) {
      here_->incoming.clear();
      here_->taken = 0;
    }
    return {.status = net::IoStatus::ok, .bytes = size + here_->overstate};
  }

  [[nodiscard]] net::IoResult write_some(Bytes out) override {
    ++here_->writes;
    if (here_->write_broken) return net::IoResult::failure(here_->write_broken);
    const auto blocked = here_->blocks_the_other_way ? net::IoStatus::want_read  //
                                                     : net::IoStatus::want_write;
    if (const auto result = accident(blocked)) return *result;
    const std::size_t room = here_->most_in_flight - std::min(here_->most_in_flight,  //
                                                              there_->unread());
    const std::size_t size = std::min({out.size(), here_->most_per_write, room});
    if (size == 0) return {.status = net::IoStatus::want_write};
    there_->arrive(out.first(size));
    return {.status = net::IoStatus::ok, .bytes = size + here_->overstate};
  }

  [[nodiscard]] bool has_buffered_input() const noexcept override { return false; }

  [[nodiscard]] net::IoResult shutdown() override {
    ++here_->shutdowns;
    there_->ended = true;
    return {};
  }

 private:
  std::optional<net::IoResult> accident(net::IoStatus blocked) {
    if (here_->fail != nullptr && !here_->fail->allows()) {
      here_->broken = make_error_code(std::errc::connection_reset);
    }
    if (here_->broken) return net::IoResult::failure(here_->broken);
    if (here_->block != nullptr && !here_->block->allows()) {
      return net::IoResult{.status = blocked};
    }
    if (here_->states_nothing) return net::IoResult{.status = net::IoStatus::ok, .bytes = 0};
    return std::nullopt;
  }

  std::shared_ptr<WireEnd> here_;
  std::shared_ptr<WireEnd> there_;
};

inline std::unique_ptr<net::ByteTransport> Wire::client_transport() const {
  return std::make_unique<WireTransport>(client, server);
}
inline std::unique_ptr<net::ByteTransport> Wire::server_transport() const {
  return std::make_unique<WireTransport>(server, client);
}

}  // namespace wirespan::test
