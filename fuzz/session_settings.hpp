// session_settings.hpp - the options of session_fuzz, as its input chooses them: short times and
// small limits, so that a short input reaches them.
#pragma once

#include <chrono>

#include "fuzz_input.hpp"
#include "mask_keys.hpp"
#include <wirespan/core/permessage_deflate.hpp>
#include <wirespan/net/protocol_pool.hpp>
#include <wirespan/net/session.hpp>

namespace wirespan::fuzz {

/// Options of one session and the objects that must outlive it. Not movable: they point at each
/// other.
class SessionSettings {
 public:
  static constexpr std::size_t size = 4;  ///< Bytes of the input.

  explicit SessionSettings(FuzzInput& input) {
    read_role(input.byte());
    read_limits(input.byte());
    read_keep_alive(input.byte());
    read_times(input.byte());
    connection.mask_source = {.next = &MaskKeys::next, .context = &keys_};
    if (uses_pool_ && !compresses) {
      pool_.emplace(role, std::make_shared<const ConnectionOptions>(connection));
      options.connections = &*pool_;
    }
  }
  SessionSettings(const SessionSettings&) = delete;
  SessionSettings& operator=(const SessionSettings&) = delete;

  [[nodiscard]] Connection new_connection() {
    if (!compresses) return Connection(role, connection);
    deflate_ = std::make_shared<DeflatePool>(DeflateOptions{.memory_level = 1, .threshold = 8});
    return Connection(role, connection, make_deflate_codec(deflate_, role, DeflateParameters{}));
  }

  Role role = Role::server;
  bool gathers = true;
  bool compresses = false;
  net::SendBudget budget;
  net::SessionOptions options;
  ConnectionOptions connection;

 private:
  using Time = std::chrono::milliseconds;

  void read_role(std::uint8_t choice) {
    constexpr std::array overflows{net::Overflow::refuse, net::Overflow::drop_oldest,
                                   net::Overflow::close, net::Overflow::drop_oldest};
    if ((choice & 1) != 0) role = Role::client;
    gathers = (choice & 2) == 0;
    options.overflow = overflows[choice >> 2 & 3];
    keys_.may_fail = (choice & 16) != 0;
    options.match_pongs = (choice & 32) != 0;
    compresses = (choice & 64) != 0;
    uses_pool_ = (choice & 128) != 0;
  }

  void read_limits(std::uint8_t choice) {
    constexpr std::array<std::size_t, 4> hard{limits::send_hard_limit, 300, 0, 2000};
    constexpr std::array<std::size_t, 4> high{limits::send_high_watermark, 0, 500, 1000};
    constexpr std::array<std::size_t, 4> low{limits::send_low_watermark, 0, 100, 1000};
    options.send_hard_limit = hard[choice & 3];
    options.send_high_watermark = high[choice >> 2 & 3];
    options.send_low_watermark = low[choice >> 2 & 3];
    options.hold_reading = (choice & 16) != 0 && role == Role::server;
    if ((choice & 32) != 0) options.budget = &budget;
    budget.limit = (choice & 64) != 0 ? 3000 : 400;
    connection.receive.deliver_fragments = (choice & 128) != 0;
  }

  void read_keep_alive(std::uint8_t choice) {
    constexpr std::array intervals{Time(0), Time(10'000), Time(1000), Time(3000)};
    constexpr std::array<std::optional<Time>, 4> timeouts{std::nullopt, Time(1000), Time(5000),
                                                          Time(500)};
    constexpr std::array<std::optional<Time>, 4> idle{std::nullopt, Time(4000), Time(1000),
                                                      Time(60'000)};
    options.keep_alive = {.interval = intervals[choice & 3],
                          .timeout = timeouts[choice >> 2 & 3],
                          .only_pongs_count = (choice & 16) != 0};
    options.ping_payload = "p";
    options.idle_time = idle[choice >> 5 & 3];
    options.idle_ignores_output = (choice & 128) != 0;
  }

  void read_times(std::uint8_t choice) {
    constexpr std::array close{limits::close_time, Time(0), Time(100), Time(-1)};
    constexpr std::array peer_close{limits::peer_close_time, Time(0), Time(1000), Time::max()};
    constexpr std::array<std::optional<Time>, 4> progress{std::nullopt, Time(2000), Time(1000),
                                                          Time(1)};
    options.close_time = close[choice & 3];
    options.peer_close_time = peer_close[choice >> 2 & 3];
    options.progress_time = progress[choice >> 4 & 3];
    options.progress_bytes = 10;
    if ((choice & 64) != 0) connection.receive.max_pings_per_second = 2;
    if ((choice & 128) != 0) connection.receive.max_message_size = 125;
  }

  MaskKeys keys_;
  std::optional<net::ProtocolPool> pool_;
  std::shared_ptr<DeflatePool> deflate_;
  bool uses_pool_ = false;
};

}  // namespace wirespan::fuzz
