// script_stream.hpp - a Stream that reads a script of a test, and records the bytes written to it.
#pragma once

#include <algorithm>
#include <deque>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "support/fail_after.hpp"
#include "support/hex.hpp"
#include "support/stage.hpp"
#include <wirespan/net/stream.hpp>

namespace wirespan::test {

struct EndOfStream {};

/// The peer and the kernel behind a ScriptStream: the input that reads return, the room that writes
/// have, the errors of both, and the readiness that the poller reports. A device of a Stage. The
/// test owns it; it must outlive its stream.
class Script final : public Stage::Device {
 public:
  using Input = std::variant<ByteVector, EndOfStream, std::error_code>;

  explicit Script(Stage& stage) : stage_(stage), fd_(stage.add_device(*this)) {}
  ~Script() override { stage_.remove_device(fd_); }

  /// Adds input; one read returns bytes of one piece only.
  void receive(ByteVector bytes) { input.emplace_back(std::move(bytes)); }
  void end() { input.emplace_back(EndOfStream{}); }
  void break_off(std::error_code error) { input.emplace_back(error); }

  /// Bytes of the first piece that have been read.
  [[nodiscard]] std::size_t taken() const noexcept { return taken_; }

  [[nodiscard]] net::Readiness readiness(TimePoint) const override {
    return {
        .readable = (!input.empty() && !hides_from_poller) || hiccup_ == net::IoStatus::want_read,
        .writable = room > 0 || hiccup_ == net::IoStatus::want_write,
        .failed = hung_up || ended,
        .peer_ended = ended};
  }

  std::deque<Input> input;
  std::size_t read_size = SIZE_MAX;   ///< Most bytes that one read returns.
  std::size_t write_size = SIZE_MAX;  ///< Most bytes that one write takes.
  std::size_t room = SIZE_MAX;        ///< Bytes the peer still takes; SIZE_MAX: no limit.
  std::error_code write_error{};      ///< Writing fails with it; reading does not.
  bool hung_up = false;               ///< The poller reports an error (`failed`).
  bool ended = false;                 ///< The poller reports that both directions ended in order.
  bool hides_from_poller = false;     ///< The poller does not report input that is there.
  bool hides_input = false;           ///< has_buffered_input() is true while there is input.
  FailAfter* fail = nullptr;          ///< The operation that it does not allow breaks the stream.
  FailAfter* hiccup = nullptr;  ///< The operation that it does not allow wants the other direction
                                ///< first, as TLS may.
  bool reads_want_write = false;  ///< Without room, a read returns want_write.
  bool writes_want_read = false;  ///< Without input, a write returns want_read.

  ByteVector written;
  int reads = 0;
  int writes = 0;
  int shutdowns = 0;
  int blocked_shutdowns = 0;  ///< The first calls of shutdown() that return want_write.
  bool closed = false;

  [[nodiscard]] int fd() const noexcept { return fd_; }

 private:
  friend class ScriptStream;

  /// Returns the injected result of an operation, if one is due.
  std::optional<net::IoResult> accident(net::IoStatus other_direction) {
    hiccup_ = net::IoStatus::ok;
    if (fail != nullptr && !fail->allows()) {
      return net::IoResult::failure(make_error_code(std::errc::connection_reset));
    }
    if (hiccup != nullptr && !hiccup->allows()) {
      hiccup_ = other_direction;
      return net::IoResult{.status = other_direction};
    }
    return std::nullopt;
  }

  net::IoResult read(MutableBytes in) {
    ++reads;
    if (const auto result = accident(net::IoStatus::want_write)) return *result;
    if (reads_want_write && room == 0) return {.status = net::IoStatus::want_write};
    if (input.empty()) return {.status = net::IoStatus::want_read};
    if (std::holds_alternative<EndOfStream>(input.front())) return {.status = net::IoStatus::eof};
    if (const auto* error = std::get_if<std::error_code>(&input.front())) {
      return net::IoResult::failure(*error);
    }
    const auto& piece = std::get<ByteVector>(input.front());
    const Bytes rest = Bytes(piece).subspan(taken_);
    const std::size_t size = std::min({in.size(), rest.size(), read_size});
    std::copy_n(rest.begin(), size, in.begin());
    taken_ += size;
    if (taken_ == piece.size()) {
      input.pop_front();
      taken_ = 0;
    }
    return {.status = net::IoStatus::ok, .bytes = size};
  }

  net::IoResult write(Bytes out) {
    ++writes;
    if (const auto result = accident(net::IoStatus::want_read)) return *result;
    if (write_error) return net::IoResult::failure(write_error);
    if (writes_want_read && input.empty()) return {.status = net::IoStatus::want_read};
    const std::size_t size = std::min({out.size(), write_size, room});
    if (size == 0) return {.status = net::IoStatus::want_write};
    if (room != SIZE_MAX) room -= size;
    written.insert(written.end(), out.begin(), out.begin() + static_cast<std::ptrdiff_t>(size));
    return {.status = net::IoStatus::ok, .bytes = size};
  }

  net::IoResult shutdown() {
    ++shutdowns;
    if (fail != nullptr && !fail->allows()) {
      return net::IoResult::failure(make_error_code(std::errc::connection_reset));
    }
    if (shutdowns <= blocked_shutdowns) return {.status = net::IoStatus::want_write};
    return {};
  }

  Stage& stage_;
  int fd_;
  std::size_t taken_ = 0;                     // of the first piece
  net::IoStatus hiccup_ = net::IoStatus::ok;  // the readiness that ends the hiccup
};

/// The Stream side of a Script, which must outlive it. Its destruction sets Script::closed.
class ScriptStream {
 public:
  explicit ScriptStream(Script& script) noexcept : script_(&script) {}
  ScriptStream(ScriptStream&& other) noexcept : script_(std::exchange(other.script_, nullptr)) {}
  ScriptStream& operator=(ScriptStream&& other) noexcept {
    std::swap(script_, other.script_);
    return *this;
  }
  ~ScriptStream() {
    if (script_ != nullptr) script_->closed = true;
  }

  [[nodiscard]] int fd() const noexcept { return script_ == nullptr ? -1 : script_->fd(); }
  [[nodiscard]] net::IoResult handshake() const noexcept { return {}; }
  [[nodiscard]] net::IoResult read_some(MutableBytes in) { return script_->read(in); }
  [[nodiscard]] net::IoResult write_some(Bytes out) { return script_->write(out); }
  [[nodiscard]] bool has_buffered_input() const noexcept {
    return script_->hides_input && !script_->input.empty();
  }
  [[nodiscard]] net::IoResult shutdown() { return script_->shutdown(); }

 private:
  Script* script_;
};
static_assert(net::Stream<ScriptStream>);

}  // namespace wirespan::test
