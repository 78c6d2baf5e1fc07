// limits.hpp - every bound that a peer can reach, with its default and its reason. RFC 6455 §10.4.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace wirespan::limits {

// The opening handshake, RFC 6455 §4. Browsers send about 1 KiB; the rest is room for cookies.

/// Bytes of a request or response head, start line and final empty line included.
inline constexpr std::size_t head_size = 16u << 10;
/// Header fields in one head. A linear scan over this many is cheap, and no table can be flooded.
inline constexpr std::size_t head_fields = 100;
/// Bytes of a request target; RFC 9112 §3 asks for a request line of at least 8,000.
inline constexpr std::size_t request_target_size = 8u << 10;
/// Extensions and their parameters in one offer; nobody sends more than a handful.
inline constexpr std::size_t extension_elements = 100;
/// Bytes kept of the body of an answer other than 101, for the error report.
inline constexpr std::size_t rejection_body_size = 64u << 10;
/// Bytes of a name, an origin or a header that are shown in an error text or a line of the log.
inline constexpr std::size_t quoted_text = 128;
/// Informational (1xx) answers skipped before the final one. RFC 9110 §15.2.
inline constexpr int informational_responses = 8;

// Messages, RFC 6455 §5.

/// Bytes of one message, also of one that comes in fragments. Larger ones fail with 1009.
inline constexpr std::size_t message_size = 16u << 20;
/// Frames of one message; empty ones count. More fail with 1008. A frame costs no memory beyond its
/// payload, so memory is bounded by `message_size`, and work by the rate at which frames arrive:
/// the count only ends a message that never does. Autobahn sends 65,537 (cases 9.3.1 and 9.4.1).
inline constexpr std::uint32_t message_fragments = 131'072;
/// Compressed bytes of one message beyond the limit for plain ones, in eighths of it: a message
/// that is just small enough may be compressed badly, no message may be nothing but empty blocks.
constexpr std::size_t compressed_message_size(std::size_t plain_size) noexcept {
  constexpr std::size_t framing = 64;
  const std::size_t more = plain_size / 8 + framing;
  return more > SIZE_MAX - plain_size ? SIZE_MAX : plain_size + more;
}
/// Bytes below which the ratio of inflating is not judged: a small bomb does no harm.
inline constexpr std::size_t inflate_ratio_floor = 64u << 10;
/// Pings received in one second; more fail with 1008. A pong is owed for each.
inline constexpr std::uint32_t pings_per_second = 1'000;

// Time.

/// From the first look-up of a name to the open connection: one deadline for all of it.
inline constexpr std::chrono::milliseconds connect_time{10'000};
/// A server's patience with a client's TLS and HTTP handshake; bytes do not extend it.
inline constexpr std::chrono::milliseconds handshake_time{10'000};
/// From our Close frame to the end of the connection. RFC 6455 §7.1.1.
inline constexpr std::chrono::milliseconds close_time{3'000};
/// A client's wait for the server to close TCP after both Close frames; it may close any time
/// (RFC 6455 §5.5.1), and the only matter is which side keeps TIME_WAIT.
inline constexpr std::chrono::milliseconds peer_close_time{20};
/// A server drops a connection that sends no byte for this long while keep-alive is off.
inline constexpr std::chrono::milliseconds idle_time{120'000};

/// Inside a message a client brings at least `progress_bytes` in every `progress_time`; a sender
/// that trickles holds memory for as long as it likes otherwise.
inline constexpr std::chrono::milliseconds progress_time{30'000};
inline constexpr std::size_t progress_bytes = 1u << 10;

// Connections of a server.

/// Sockets at one time, handshakes included; far below what a system runs out of first.
inline constexpr std::size_t connections = 100'000;
/// Of those, from one address (a /64 for IPv6), loopback not counted: room for a large NAT.
inline constexpr std::size_t connections_per_address = 1'000;

// Output that the peer does not read.

/// Unsent bytes above which a sender is told to wait.
inline constexpr std::size_t send_high_watermark = 1u << 20;
/// Unsent bytes below which it is told to go on.
inline constexpr std::size_t send_low_watermark = 256u << 10;
/// Unsent bytes above which a message is refused.
inline constexpr std::size_t send_hard_limit = 16u << 20;
/// Unsent bytes of all connections of one loop; a crowd of slow readers ends here.
inline constexpr std::size_t loop_send_budget = 512u << 20;
/// Bytes of published messages on their way from other threads to one loop; a loop that is busy for
/// longer than it takes to fill this refuses what is published. Some seconds of a busy feed.
inline constexpr std::size_t publish_queue = 64u << 20;
/// Bytes read and thrown away after our last Close, so that a reset does not destroy it.
inline constexpr std::size_t linger_bytes = 16u << 20;

/// Bytes of a message that is worth a piece of its own in a write, to be sent back without a copy.
inline constexpr std::size_t least_in_place = 4096;

/// Ports tried before a server gives up to find one that is free at all of its addresses.
inline constexpr int free_port_attempts = 16;

/// Time between two lines of the log about an event that a peer or a shortage can repeat.
inline constexpr std::chrono::milliseconds repeated_line_time{60'000};

// A turn of the loop.

/// Connections accepted in one turn, so that a stampede does not stall the open ones.
inline constexpr int accepts_per_turn = 64;
/// Steps of TLS handshakes in one turn: each costs as much as thousands of messages.
inline constexpr int tls_handshakes_per_turn = 5;
/// TLS records that one call of TlsStream::read_some() takes up. Each costs about as much as 2 KiB
/// of data, and a kernel's buffer may hold 200,000 small ones.
inline constexpr int tls_records_per_read = 64;
/// TLS records without data (key updates, session tickets, empty ones) beyond those that records
/// with data make up for, one each. A key update costs 10 to 20 us; RFC 8446 §4.6.3 knows no limit.
/// More end the connection with TlsErrc::idle_records. Servers send two tickets, seldom more than
/// eight, and a key update once in 2^24 records.
inline constexpr int tls_idle_records = 32;
/// Bytes read from one connection in one turn while it is inside a large message.
inline constexpr std::size_t read_per_turn = 4u << 20;

}  // namespace wirespan::limits
