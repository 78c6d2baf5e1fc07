// server_options.hpp - the options of a WebSocketServer: addresses, limits, backpressure, origins.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <wirespan/app/send_result.hpp>
#include <wirespan/core/close_code.hpp>
#include <wirespan/core/deflate_parameters.hpp>
#include <wirespan/core/limits.hpp>
#include <wirespan/net/network.hpp>
#include <wirespan/net/poller.hpp>
#include <wirespan/net/session_options.hpp>
#include <wirespan/tls/options.hpp>

namespace wirespan {

/// The pages from which browsers may connect. RFC 6455 §10.2. A request without an Origin header
/// does not come from a browser and always passes. A refused one gets 403, and a warning in the log
/// names origin and host.
struct OriginPolicy {
  /// Origins that may connect, such as "https://example.com" or "http://localhost:3000"; compared
  /// whole and without case. Empty: the page must come from the host and port that it connects to
  /// (same origin; the scheme is not compared).
  std::vector<std::string> allowed{};
  /// Decides in the place of `allowed`, if set. Called on the threads of the loops.
  std::function<bool(std::string_view origin, std::string_view host)> predicate{};
  bool allow_any = false;  ///< Every page may connect: for servers whose answers are public.
};

/// Proxies in front of the server (nginx, haproxy, a load balancer), which are believed about the
/// address of a client. It becomes ServerRequest::peer and counts for
/// ServerOptions::max_connections_per_address. No other peer is believed: a client can send any
/// header.
struct ProxyPolicy {
  /// The proxies: addresses and networks such as "192.0.2.7", "10.0.0.0/8", "fd00::/8"; "unix":
  /// all that come over a Unix socket. Name every proxy of a chain. Empty: there is none.
  std::vector<std::string> trusted{};
  /// Every accepted connection begins with a PROXY header, version 1 or 2, and TLS comes behind it
  /// (haproxy: send-proxy or send-proxy-v2; nginx: proxy_protocol on). A connection that is not
  /// from one of `trusted`, or begins with anything else, is closed without an answer. Sockets of
  /// adopt() have none.
  bool proxy_protocol = false;
  /// Header with the client's address, which the proxies set or add to: "X-Forwarded-For",
  /// "X-Real-IP", or "Forwarded" (RFC 7239). Of several addresses the last one that is not in
  /// `trusted` counts. Empty: none is read.
  std::string header{};
};

/// The fate of messages that come after our own Close frame.
using AfterClose = net::AfterClose;

/// The options of a WebSocketServer. Every limit stands in core/limits.hpp with its reason; figures
/// in parentheses are defaults. Times are in milliseconds.
struct ServerOptions {
  /// Numeric address to listen on ("0.0.0.0" or "::" for all), or "unix:" and a path.
  /// "::" takes IPv4 connections, too, unless an IPv4 address is listed beside it.
  std::string address = "127.0.0.1";
  std::vector<std::string> more_addresses{};  ///< Further addresses, with the same port.
  std::uint16_t port = 0;  ///< 0: one that is free at all addresses; listen() returns it.
  int backlog = 0;  ///< Connections that wait for accept(). 0 and below: the system's maximum.
  /// Event loops, 1 to 255, each on a thread of its own; run() is one of them. With more than one
  /// the kernel spreads connections over them (SO_REUSEPORT); for Unix sockets, and on systems that
  /// do not spread them, the first loop does.
  /// A port that any other socket listens on is refused all the same (std::errc::address_in_use).
  /// While the server runs, Linux lets only programs of the same user share the port, if they ask
  /// for SO_REUSEPORT.
  int threads = 1;
  std::optional<tls::ServerOptions> tls{};  ///< Set: the server speaks wss: only.
  /// Interval at which the first loop looks at the files of `tls`. When one has changed and they
  /// have then stayed the same for an interval, they are read as by reload_certificates(); an error
  /// is logged and changes nothing. 0 and below: never.
  std::chrono::milliseconds certificate_check_interval{0};
  OriginPolicy origins{};  ///< Default: the same origin only.
  /// Subprotocols in the server's order of preference. The first one that the client has offered
  /// is chosen, unless on_request chooses; none if they have none in common.
  std::vector<std::string> subprotocols{};
  ProxyPolicy proxies{};  ///< Default: each client comes directly.

  /// Bytes (16 MiB) of one received message; a larger one fails the connection with 1009.
  std::size_t max_message_size = limits::message_size;
  /// Frames (131,072) of one received message; more fail the connection with 1008.
  std::uint32_t max_message_fragments = limits::message_fragments;
  /// Pings (1,000) received in one second; more fail the connection with 1008.
  std::uint32_t max_pings_per_second = limits::pings_per_second;
  /// Deliver each fragment of a fragmented message as it comes: on_fragment instead of on_message.
  bool deliver_fragments = false;
  /// Handshake timeout (10 s): from accept() to the end of the opening handshake, which is TLS, the
  /// request, and the answer to it; no byte extends it. 0 and below: none.
  std::chrono::milliseconds handshake_time = limits::handshake_time;
  std::size_t max_head_size = limits::head_size;      ///< Bytes (16 KiB) of a request head.
  std::size_t max_head_fields = limits::head_fields;  ///< Header fields, at most the default (100).
  /// Idle timeout (120 s): a connection on which no byte passes in either direction for this long
  /// is closed with 1001. 0 and below: none. Off with ping_interval: then ping_timeout finds peers
  /// that are gone.
  std::chrono::milliseconds idle_time = limits::idle_time;
  bool idle_ignores_output = false;  ///< Only bytes from the client restart the idle timeout.
  /// Inside a message a client has to bring `progress_bytes` (1 KiB) in every `progress_time`
  /// (30 s), or the connection is closed with 1008. 0 and below: no such duty.
  std::chrono::milliseconds progress_time = limits::progress_time;
  std::size_t progress_bytes = limits::progress_bytes;
  /// Time (3 s) for the closing handshake. 0 and below: the client's answer is not waited for.
  std::chrono::milliseconds close_time = limits::close_time;
  /// Whether messages that arrive after a handler's close() are delivered. Default: they are not.
  AfterClose after_close = AfterClose::discard;
  std::chrono::milliseconds ping_interval{0};  ///< Between keep-alive pings. 0 and below: none.
  /// Time for the answer to a ping, counted from the oldest unanswered one; a client that does not
  /// answer is gone (Errc::ping_timeout). May be shorter or longer than ping_interval. Any byte
  /// from the client is an answer, and so is its reading of output from a backlog. 0 and below: no
  /// answer is expected.
  std::chrono::milliseconds ping_timeout{0};
  bool only_pongs_count = false;  ///< Only a pong is an answer to a ping.
  /// Strict matching: pings are numbered in their payload, and only a pong that brings back the
  /// number of an unanswered one is an answer. As only_pongs_count, it lets no other byte count.
  bool match_pongs = false;

  /// High watermark: unsent bytes (1 MiB) above which a backlog counts as backpressure; on_drain
  /// follows at the low one.
  std::size_t send_high_watermark = limits::send_high_watermark;
  /// Low watermark: unsent bytes (256 KiB) at or below which on_drain is called.
  std::size_t send_low_watermark = limits::send_low_watermark;
  /// Unsent bytes (16 MiB) of one connection; `overflow` decides on a message that would lift them
  /// above. A message with nothing unsent before it may be larger, so 0 takes one at a time.
  std::size_t send_hard_limit = limits::send_hard_limit;
  /// Unsent bytes (512 MiB) of all connections of one loop. Once they are spent, a connection above
  /// its fair share is refused (Errc::send_budget_spent); for one below it the connection with the
  /// most unsent bytes is cut (Errc::overflow_closed). A single message above it is refused, so 0
  /// refuses them all.
  std::size_t loop_send_budget = limits::loop_send_budget;
  /// Bytes (64 MiB) of published messages on their way from other threads to one loop. While a loop
  /// is that far behind, publish() is refused. With none before it a message may be larger.
  std::size_t publish_queue_limit = limits::publish_queue;
  /// The fate of a message above the hard limit, or above the budget for a connection that is above
  /// its fair share.
  Overflow overflow = Overflow::refuse;
  /// Stop reading from a peer that leaves more than the high watermark unread, until no more than
  /// the low one waits: a peer that wants answers has to take them.
  bool hold_reading = true;

  /// Set: permessage-deflate (RFC 7692) is agreed on with clients that offer it. Unset: off.
  std::optional<DeflateOptions> compression{};
  /// Payload bytes from which on a published message is compressed by publish() itself, on the
  /// thread that calls it, so that it does not hold up a loop; threads that publish at once wait
  /// for each other. Not if a handler publishes, because its thread is a loop's, and not for
  /// subscribers that asked for a smaller window. 0: every message that is compressed at all.
  /// Unset: the first loop that needs the compressed form makes it.
  std::optional<std::size_t> publisher_compresses_from{};

  /// Connections (100,000) at one time, handshakes included; further ones are closed without an
  /// answer. 0: no limit.
  std::size_t max_connections = limits::connections;
  /// Of those, connections (1,000) from one address, or from one /64 of IPv6. 0: no limit. Further
  /// ones are closed, too; of a client whom ProxyPolicy::header names, the request gets 429.
  std::size_t max_connections_per_address = limits::connections_per_address;
  bool count_loopback = false;  ///< Apply the limit per address to 127.0.0.0/8 and ::1, too.

  /// Keep the request of each connection, for ServerConnection::request() and subprotocol(): a few
  /// kilobytes of headers for each.
  bool keep_request = false;
  net::Backend backend = net::Backend::automatic;  ///< automatic: epoll.
  /// Busy-poll duration of each loop before it blocks in epoll_wait(). Saves the microseconds that
  /// waking a thread takes, and costs one busy core per loop. 0 and below: the loop blocks at
  /// once.
  std::chrono::microseconds busy_poll{0};
  /// Let the kernel note the arrival of each packet, for ServerConnection::received_at(). Every
  /// read then fetches that time, too, and a connection that has read keeps it in a small
  /// allocation of its own.
  bool receive_timestamps = false;
  net::Network* network = nullptr;  ///< Null: the system's. Must outlive the server.
};

/// One more socket to listen on, WebSocketServer::listen(): an address, or a descriptor.
struct ListenerOptions {
  std::string address{};   ///< As ServerOptions::address. Empty: `descriptor` counts.
  std::uint16_t port = 0;  ///< 0: one that is free.
  /// A listening socket that somebody else has opened, such as one of net::passed_listeners(). The
  /// server owns it from then on, also after an error; the file of a Unix socket stays when it is
  /// closed. Errors: std::errc::invalid_argument for a socket that does not listen. Together with
  /// an address: Errc::invalid_option.
  int descriptor = -1;
  bool is_plain = false;  ///< No TLS here, although ServerOptions::tls is set.
  /// Permissions of the file of a Unix socket, such as 0660: it cannot be connected to before it
  /// has them. Unset: as the umask has it.
  std::optional<unsigned> mode{};
};

/// The options of a graceful shutdown, WebSocketServer::stop().
struct StopOptions {
  CloseCode code = CloseCode::going_away;  ///< Code of the Close frames; or service_restart: 1012.
  std::string reason{};                    ///< Reason in the Close frames; at most 123 bytes.
  /// Time until the connections that are still open are cut; 0 and below: at once. Unset:
  /// `spread` plus ServerOptions::close_time.
  std::optional<std::chrono::milliseconds> deadline{};
  /// Whether messages that arrive after our Close are delivered. Default: until the client's Close.
  AfterClose after_close = AfterClose::deliver;
  /// Time over which the Close frames are sent, connection by connection, so that the clients do
  /// not all reconnect at once. 0 and below: to all at once.
  std::chrono::milliseconds spread{0};
};

}  // namespace wirespan
