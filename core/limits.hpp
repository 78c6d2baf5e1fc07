// limits.hpp - every limit that a peer can reach, with its default and its reason. RFC 6455 §10.4.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include <wirespan/core/cxx20.hpp>

namespace wirespan::limits {

// The opening handshake, RFC 6455 §4. Browsers send about 1 KiB; the rest is room for cookies.

/// Bytes of a request or response head, start line and final empty line included.
inline constexpr std::size_t head_size = 16u << 10;
/// Header fields in one head. A linear scan over 100 fields is cheap, and there is no hash table
/// that a peer could flood.
inline constexpr std::size_t head_fields = 100;
/// Bytes of a request target; RFC 9112 §3 asks for a request line of at least 8,000.
inline constexpr std::size_t request_target_size = 8u << 10;
/// Extensions and their parameters in one offer; clients send no more than a handful.
inline constexpr std::size_t extension_elements = 100;
/// Bytes kept of the body of a response other than 101, for the error report.
inline constexpr std::size_t rejection_body_size = 64u << 10;
/// Bytes of one line in a chunked body: a chunk size with its extensions, or a trailer field.
/// RFC 9112 §7.1. Servers send lines of a few bytes.
inline constexpr std::size_t chunk_line_size = 4u << 10;
/// Bytes of all chunk extensions and trailer fields in one chunked body. Without it a server could
/// send chunks of one byte with a long extension each, and the work for them would have no bound.
inline constexpr std::size_t chunk_extra_size = 16u << 10;
/// Bytes of a name, an origin or a header that are shown in an error text or a log line.
inline constexpr std::size_t quoted_text = 128;
/// Informational (1xx) responses skipped before the final one. RFC 9110 §15.2.
inline constexpr int informational_responses = 8;
/// Bytes of the PROXY header that comes before a connection. The addresses take 232 bytes at most;
/// balancers add names and certificates.
inline constexpr std::size_t proxy_header_size = 4096;
/// Challenges and their parameters read from one response that asks for credentials; servers send a
/// handful. RFC 9110 §11.3.
inline constexpr std::size_t auth_elements = 100;

// Cookies of a client, RFC 6265 §6.1, which asks for at least these numbers.

/// Bytes of one cookie: name, value, domain and path. A larger one is ignored.
inline constexpr std::size_t cookie_size = 4096;
/// Cookies of one domain in a jar. A further one takes the place of the one used longest ago.
inline constexpr std::size_t cookies_per_domain = 50;
/// Cookies in a jar: with `cookie_size` at most 12 MiB. Evicted in the same way.
inline constexpr std::size_t cookies = 3000;
/// Bytes of the value of one Cookie field. Many servers refuse a longer line, so that a sub-domain
/// which sets large cookies could lock a client out. Cookies that do not fit are not sent.
inline constexpr std::size_t cookie_field_size = 8u << 10;

// Messages, RFC 6455 §5.

/// Bytes of one message, all fragments together. A larger message fails with 1009.
inline constexpr std::size_t message_size = 16u << 20;
/// Frames of one message, empty ones included. More fail with 1008. A frame costs no memory beyond
/// its payload, so `message_size` bounds memory, and the rate at which frames arrive bounds work:
/// this limit only stops a message that never ends. Autobahn sends 65,537 (cases 9.3.1 and 9.4.1).
inline constexpr std::uint32_t message_fragments = 131'072;
/// Returns the limit for the compressed bytes of a message that may inflate to `plain_size`: an
/// eighth more, and 64 bytes. Data that does not compress grows a little; without a limit a message
/// could consist of empty blocks for ever.
constexpr std::size_t compressed_message_size(std::size_t plain_size) noexcept {
  constexpr std::size_t framing = 64;
  const std::size_t more = plain_size / 8 + framing;
  return more > SIZE_MAX - plain_size ? SIZE_MAX : plain_size + more;
}
/// Inflated bytes of a message up to which its compression ratio is not checked: a decompression
/// bomb of this size does no harm.
inline constexpr std::size_t inflate_ratio_floor = 64u << 10;
/// Pings received in one second; more fail with 1008, because each is answered by a pong.
inline constexpr std::uint32_t pings_per_second = 1'000;

// Time.

/// Connect timeout of a client, one deadline for all: name look-up, TCP, TLS and opening handshake.
inline constexpr std::chrono::milliseconds connect_time{10'000};
/// Time without a byte after which the body of a refused handshake is not waited for any longer:
/// the client tells of the refusal with the part that came.
inline constexpr std::chrono::milliseconds rejection_grace{500};
/// Handshake timeout of a server: TLS and HTTP together; bytes that arrive do not extend it.
inline constexpr std::chrono::milliseconds handshake_time{10'000};
/// Close timeout: from our Close frame to the peer's, and again for the lingering close that
/// follows, unless the caller of close() gave one time for both. RFC 6455 §7.1.1.
inline constexpr std::chrono::milliseconds close_time{3'000};
/// Time a client waits for the server to close TCP after both Close frames. The client may close
/// any time (RFC 6455 §5.5.1); the wait only decides which side keeps TIME_WAIT.
inline constexpr std::chrono::milliseconds peer_close_time{20};
/// Longest wait that a server's Retry-After can impose on a client that reconnects (one hour): a
/// larger one counts as this one.
inline constexpr std::chrono::milliseconds retry_after_time{3'600'000};
/// Idle timeout of a server: it closes a connection on which no byte passes in either direction for
/// this long. It is off while keep-alive pings are on: with a ping interval and no ping timeout a
/// silent peer is kept.
inline constexpr std::chrono::milliseconds idle_time{120'000};

/// Least receive rate inside a message, for clients of a server: at least `progress_bytes` in every
/// `progress_time`. Without it a client that trickles bytes could hold memory without end.
inline constexpr std::chrono::milliseconds progress_time{30'000};
inline constexpr std::size_t progress_bytes = 1u << 10;

// Connections of a server.

/// Open sockets at one time, handshakes included; far below the point at which a system runs out of
/// any resource.
inline constexpr std::size_t connections = 100'000;
/// Open sockets from one address (a /64 for IPv6), loopback not counted; enough for a large NAT.
inline constexpr std::size_t connections_per_address = 1'000;

// Backpressure: output that the peer does not read.

/// High watermark: unsent bytes of a connection above which its sender should wait.
inline constexpr std::size_t send_high_watermark = 1u << 20;
/// Low watermark: on_drained() comes when no more than this many bytes are unsent.
inline constexpr std::size_t send_low_watermark = 256u << 10;
/// Unsent bytes of a connection above which a message is refused. A message that finds no unsent
/// bytes before it may be larger.
inline constexpr std::size_t send_hard_limit = 16u << 20;
/// Unsent bytes of all connections of one event loop: bounds the memory that many slow readers hold
/// together.
inline constexpr std::size_t loop_send_budget = 512u << 20;
/// Bytes of published messages on their way from other threads to one event loop. While a loop is
/// that far behind, publish() is refused. Enough for some seconds of a busy feed.
inline constexpr std::size_t publish_queue = 64u << 20;
/// Bytes of a ping payload behind which the number of the ping fits (SessionOptions::match_pongs).
inline constexpr std::size_t numbered_ping_payload = 105;
/// Bytes of a conflation key; a message with a longer one is refused.
inline constexpr std::size_t conflation_key = 1024;
/// Bytes of messages that a client keeps while it has no connection, if asked to: those of some
/// minutes of a busy sensor. More are refused.
inline constexpr std::size_t down_limit = 1u << 20;
/// Lingering close: bytes read and discarded after our last output, a Close frame or a refusal, so
/// that a TCP reset does not destroy it on its way.
inline constexpr std::size_t linger_bytes = 16u << 20;

/// Least size in bytes of a message that is sent back zero-copy, as an entry of its own in a gather
/// write. A shorter one costs less to copy.
inline constexpr std::size_t least_in_place = 4096;

/// Bytes of copied output at which an event loop writes within a turn instead of at its end: one
/// write of that size costs less than moving the output to a larger block.
inline constexpr std::size_t write_at_once = std::size_t{256} << 10;

/// Ports a server tries to find one that is free at all of its addresses.
inline constexpr int free_port_attempts = 16;

/// Rate limit of the log: time between two lines about an event that a peer or a lack of resources
/// can repeat.
inline constexpr std::chrono::milliseconds repeated_line_time{60'000};

// A turn of the event loop.

/// Connections accepted in one turn, so that a burst of new connections does not stall the open
/// ones.
inline constexpr int accepts_per_turn = 64;
/// Steps of TLS handshakes in one turn: one step costs as much as thousands of messages.
inline constexpr int tls_handshakes_per_turn = 5;
/// TLS records that one call of TlsStream::read_some() takes. A record costs about as much as 2 KiB
/// of data, and the kernel's receive buffer may hold 200,000 small ones.
inline constexpr int tls_records_per_read = 64;
/// TLS records without data (key updates, session tickets, empty records) that a peer may send in
/// excess; each record with data makes up for one. More end the connection with
/// TlsErrc::idle_records. A key update costs 10 to 20 us, and RFC 8446 §4.6.3 sets no limit.
/// Servers send two tickets, seldom more than eight, and one key update in 2^24 records.
inline constexpr int tls_idle_records = 32;
/// TLS sessions that a client's tls::SessionCache keeps, and how many of them may be of one server.
/// With TLS 1.3 each serves one connection, and servers send two with each. OpenSSL takes tickets
/// of up to 64 KiB.
inline constexpr std::size_t tls_sessions = 64;
inline constexpr std::size_t tls_sessions_per_server = 4;
/// Sets of TLS options for which a tls::SessionCache keeps a context.
inline constexpr std::size_t tls_contexts = 8;
/// Bytes read from one connection in one turn, where the turn reads it more than once: while a
/// large frame fills the read window, TLS holds buffered input, or a lingering close discards
/// input.
inline constexpr std::size_t read_per_turn = 4u << 20;

}  // namespace wirespan::limits
