// script_stream.hpp - a Stream that reads what a test wrote down, and notes what is written to it.
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

/// The peer of a ScriptStream.
class Script final : public Stage::Device {
 public:
  using Input = std::variant<ByteVector, EndOfStream, std::error_code>;

  explicit Script(Stage& stage) : stage_(stage), fd_(stage.add_device(*this)) {}
  ~Script() override { stage_.remove_device(fd_); }

  /// What comes in: each piece is at most one read.
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
  std::size_t read_size = SIZE_MAX;   ///< At most so many bytes a read.
  std::size_t write_size = SIZE_MAX;  ///< At most so many bytes a write.
  std::size_t room = SIZE_MAX;        ///< What the peer still takes.
  bool hung_up = false;               ///< The poller tells of an error.
  bool ended = false;                 ///< It tells that both directions have ended in order.
  bool hides_from_poller = false;     ///< Input is there that the poller has no room to tell of.
  bool hides_input = false;           ///< Further input is in a buffer of the stream's own.
  FailAfter* fail = nullptr;          ///< The operation that it does not allow breaks the stream.
  FailAfter* hiccup = nullptr;        ///< The operation that it does not allow asks for the other
                                      ///< direction first, as TLS may.
  bool reads_want_write = false;      ///< Reading waits for room to write.
  bool writes_want_read = false;      ///< Writing waits for input.

  ByteVector written;
  int reads = 0;
  int writes = 0;
  int shutdowns = 0;
  int blocked_shutdowns = 0;  ///< So many calls of shutdown() have to wait for room.
  bool closed = false;

  [[nodiscard]] int fd() const noexcept { return fd_; }

 private:
  friend class ScriptStream;

  /// What happens instead of the operation, if something does.
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
  net::IoStatus hiccup_ = net::IoStatus::ok;  // the readiness that ends it
};

/// Owns nothing but notes when it goes. The script must outlive it.
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
