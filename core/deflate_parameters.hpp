// deflate_parameters.hpp - options and negotiation of permessage-deflate. RFC 7692 §5, §7.1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <wirespan/core/extensions.hpp>
#include <wirespan/core/opcode.hpp>

namespace wirespan {

/// The context of one direction: the bytes of earlier messages that a connection keeps so that the
/// next one can refer to them ("context takeover"). More memory, fewer bytes on the wire.
enum class DeflateContext : std::uint8_t {
  /// No context: a DeflatePool lends a zlib state for the time of a message. The peer is told.
  none,
  /// A copy of the last window, at most 32 KiB: a zlib state is lent for each message and primed
  /// with the copy, which takes time. Bytes on the wire as with `stream`.
  dictionary,
  /// A zlib state owned by the connection: 268 KB for sending with the defaults, 42 KB for
  /// receiving.
  stream,
};

/// Size of the largest window, in bits: 2^15 bytes. It holds where no parameter names another one.
inline constexpr int most_window_bits = 15;

/// Compression of one endpoint: how it compresses, and what it asks of the peer.
struct DeflateOptions {
  /// Context of the messages that are sent. Unset: `none` on a server, which has many connections;
  /// `stream` on a client.
  std::optional<DeflateContext> send_context{};
  /// The same for the peer's messages. `none` asks the peer to keep no context either (a server
  /// answers client_no_context_takeover, RFC 7692 §7.1.1.2). A peer that keeps it all the same, as
  /// tornado's client does, fails with 1007 at its second message. A server for such clients sets
  /// `dictionary`, which does not ask and costs up to 32,768 bytes a connection
  /// (2^receive_window_bits; it grows with the bytes received), or `stream`, up to 42,000 bytes.
  std::optional<DeflateContext> receive_context{};
  /// Size of the window, 9 to 15: messages refer back by at most 2^n bytes. Fewer bits save memory
  /// and compress less. RFC 7692 allows 8, which many peers' zlib refuses: a peer may choose it,
  /// but it is neither offered nor answered.
  int send_window_bits = most_window_bits;
  /// The same, demanded from the peer. A reference beyond the agreed window fails with 1007. Below
  /// 15, inflating is about half as fast: one call of zlib then writes at most 64 bytes.
  int receive_window_bits = most_window_bits;
  /// Level of compression, 1 (fast) to 9 (small). 5 sends 1 to 4 % more bytes of JSON or text than
  /// zlib's own default of 6 and takes 0.6 to 0.9 of its time.
  int level = 5;
  int memory_level = 8;  ///< 1 (small) to 9 (fast): zlib's hash tables for sending.
  /// Bytes. A message that is shorter, or whose first fragment is, is sent uncompressed. 0: no
  /// message is too short.
  std::size_t threshold = 512;
  /// Bound on a decompression bomb: a message that inflates to more than this many times its
  /// compressed size fails with 1008, unless it stays below limits::inflate_ratio_floor bytes. 0:
  /// only ReceiveOptions::max_message_size counts. DEFLATE reaches 1,032 at most.
  std::uint32_t max_inflate_ratio = 0;
  /// For a client whose demands (`receive_context` none, `receive_window_bits` below 15) a server
  /// does not grant. True: compression without them; false: no compression. A client without
  /// demands always offers a plain "permessage-deflate" after its first offer.
  bool unconditional_fallback = false;
};

/// Parameters of the server's answer, which hold from then on. An absent window means 15 bits.
struct DeflateParameters {
  bool server_no_context_takeover = false;      ///< The server compresses each message by itself.
  bool client_no_context_takeover = false;      ///< The client does.
  std::optional<int> server_max_window_bits{};  ///< 8 to 15
  std::optional<int> client_max_window_bits{};  ///< 8 to 15
  bool operator==(const DeflateParameters&) const = default;
};

/// One offer of a client, in which client_max_window_bits may stand without a value.
struct DeflateOffer {
  DeflateParameters parameters;       ///< Those that have their full form.
  bool limits_client_window = false;  ///< The offer has client_max_window_bits.
  bool operator==(const DeflateOffer&) const = default;
};

/// Return the option, or the default for `role` if it is not set.
[[nodiscard]] DeflateContext send_context(const DeflateOptions& options, Role role) noexcept;
[[nodiscard]] DeflateContext receive_context(const DeflateOptions& options, Role role) noexcept;

/// Checks the ranges: Errc::invalid_option for a value out of range, Errc::compression_unavailable
/// in a build without zlib. `detail`, if given, gets the option's name, its value and the range.
[[nodiscard]] std::error_code check_deflate_options(const DeflateOptions& options,
                                                    std::string* detail = nullptr);
/// False in a build without zlib.
[[nodiscard]] bool deflate_available() noexcept;

/// True if the extension's name is "permessage-deflate", in any case.
[[nodiscard]] bool is_permessage_deflate(const Extension& extension) noexcept;
/// Parse the parameters of an offer or an answer. std::nullopt if a parameter is unknown, repeated,
/// lacks a value, has one that it must not have, or is no decimal number from 8 to 15 without a
/// leading zero. §7.1.
[[nodiscard]] std::optional<DeflateOffer> parse_deflate_offer(const Extension& extension);
[[nodiscard]] std::optional<DeflateParameters> parse_deflate_answer(const Extension& extension);
/// True if a server may give `answer` to `offer`. §7.1.1, §7.1.2.
[[nodiscard]] bool is_answer_to(const DeflateOffer& offer,
                                const DeflateParameters& answer) noexcept;

// The side of a client.

/// Returns the client's offers in order of preference.
[[nodiscard]] std::vector<DeflateOffer> make_deflate_offers(const DeflateOptions& options);
/// Returns the value of Sec-WebSocket-Extensions in the request.
[[nodiscard]] std::string deflate_offers_text(const DeflateOptions& options);
/// Judges the value of Sec-WebSocket-Extensions in the response and fills `out`. `options` is unset
/// if nothing was offered. Errors: Errc::bad_extensions, unrequested_extension,
/// invalid_deflate_answer. An empty list agrees on nothing, also where nothing was offered. §5.1.
[[nodiscard]] std::error_code check_deflate_answer(std::string_view value,
                                                   const std::optional<DeflateOptions>& options,
                                                   std::optional<DeflateParameters>& out);

// The side of a server.

/// Returns the server's answer to the first offer that it can keep to; std::nullopt if there is
/// none. §5.1.
[[nodiscard]] std::optional<DeflateParameters> choose_deflate(const std::vector<Extension>& offered,
                                                              const DeflateOptions& options);
/// True if an offer in the list allows `answer`, and the windows in it have 9 to 15 bits.
[[nodiscard]] bool is_answer_to_any(const std::vector<Extension>& offered,
                                    const DeflateParameters& answer);
/// Returns the value of Sec-WebSocket-Extensions in the response.
[[nodiscard]] std::string deflate_answer_text(const DeflateParameters& parameters);

}  // namespace wirespan
