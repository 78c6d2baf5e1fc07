// deflate_parameters.hpp - what is offered and agreed on for permessage-deflate. RFC 7692 §5, §7.1.
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

/// What a connection remembers of earlier messages in one direction, so that the next one can refer
/// to them ("context takeover"). More memory, fewer bytes on the wire.
enum class DeflateContext : std::uint8_t {
  /// Nothing: zlib's state is lent while a message is dealt with. The peer is told.
  none,
  /// A copy of the last window, at most 32 KiB: zlib's state is lent, and primed with it for each
  /// message. The wire looks as with `stream`.
  dictionary,
  /// A zlib state of its own: 268 KB for sending with the defaults, 42 KB for receiving.
  stream,
};

/// How one side compresses, and what it wants from the other.
struct DeflateOptions {
  /// Unset: none on a server, which has many connections; stream on a client.
  std::optional<DeflateContext> send_context{};
  /// The same for the peer's messages. `none` asks the peer to keep nothing either (a server
  /// answers client_no_context_takeover, RFC 7692 §7.1.1.2), and cuts one that does all the same
  /// with 1007 at its second message: tornado's client does. A server for such clients sets
  /// `dictionary`, which does not ask and costs up to 32,768 bytes a connection
  /// (2^receive_window_bits; it grows with the bytes received), or `stream`, up to 42,000 bytes.
  std::optional<DeflateContext> receive_context{};
  /// 9 to 15: messages refer back by at most 2^n bytes. RFC 7692 knows 8, which many peers' zlib
  /// refuses: a peer may choose it, we neither offer nor answer it.
  int send_window_bits = 15;
  /// The same, demanded from the peer. A reference beyond the window agreed on fails with 1007.
  int receive_window_bits = 15;
  int level = 6;         ///< 1 (fast) to 9 (small).
  int memory_level = 8;  ///< 1 (small) to 9 (fast): zlib's hash tables for sending.
  /// Bytes; shorter messages, or messages whose first part is, are sent as they are.
  std::size_t threshold = 512;
  /// A message may inflate to this many times what came; beyond it fails with 1008, but not below
  /// limits::inflate_ratio_floor. 0: only the limit for messages counts. 1,032 is the most there
  /// is.
  std::uint32_t max_inflate_ratio = 0;
  /// A client whose wishes (`receive_context` none, `receive_window_bits`) a server does not grant
  /// does without them; else it does without compression. A client without such wishes always
  /// offers a plain "permessage-deflate" after its first offer.
  bool unconditional_fallback = false;
};

/// What an answer says, and what holds from then on. The absence of a window means 15.
struct DeflateParameters {
  bool server_no_context_takeover = false;
  bool client_no_context_takeover = false;
  std::optional<int> server_max_window_bits{};  ///< 8 to 15
  std::optional<int> client_max_window_bits{};  ///< 8 to 15
  bool operator==(const DeflateParameters&) const = default;
};

/// What one offer says: in it client_max_window_bits may stand without a value.
struct DeflateOffer {
  DeflateParameters parameters;
  bool limits_client_window = false;  ///< client_max_window_bits stands in it.
  bool operator==(const DeflateOffer&) const = default;
};

/// What an option that is not set stands for.
[[nodiscard]] DeflateContext send_context(const DeflateOptions& options, Role role) noexcept;
[[nodiscard]] DeflateContext receive_context(const DeflateOptions& options, Role role) noexcept;

/// Errc::invalid_option for a value out of range, Errc::compression_unavailable without zlib.
/// `detail`, if given, gets the option's name, its value and the range.
[[nodiscard]] std::error_code check_deflate_options(const DeflateOptions& options,
                                                    std::string* detail = nullptr);
/// False in a build without zlib.
[[nodiscard]] bool deflate_available() noexcept;

[[nodiscard]] bool is_permessage_deflate(const Extension& extension) noexcept;
/// Nothing if a parameter is unknown, repeated, lacks a value, has one that it must not have, or is
/// no decimal number from 8 to 15 without a leading zero. §7.1.
[[nodiscard]] std::optional<DeflateOffer> parse_deflate_offer(const Extension& extension);
[[nodiscard]] std::optional<DeflateParameters> parse_deflate_answer(const Extension& extension);
/// True if a server may give this answer to this offer. §7.1.1, §7.1.2.
[[nodiscard]] bool is_answer_to(const DeflateOffer& offer,
                                const DeflateParameters& answer) noexcept;

// A client.

/// Its offers in order of preference.
[[nodiscard]] std::vector<DeflateOffer> make_deflate_offers(const DeflateOptions& options);
/// The value of Sec-WebSocket-Extensions in its request.
[[nodiscard]] std::string deflate_offers_text(const DeflateOptions& options);
/// Judges the value of that field in the response. Errc::bad_extensions, unrequested_extension, or
/// invalid_deflate_answer. An empty list agrees on nothing, also where nothing was offered. §5.1.
[[nodiscard]] std::error_code check_deflate_answer(std::string_view value,
                                                   const std::optional<DeflateOptions>& options,
                                                   std::optional<DeflateParameters>& out);

// A server.

/// Its answer to the first offer that it can keep; nothing if there is none. §5.1.
[[nodiscard]] std::optional<DeflateParameters> choose_deflate(const std::vector<Extension>& offered,
                                                              const DeflateOptions& options);
/// True if some offer in the list allows this answer, whose windows have 9 to 15 bits.
[[nodiscard]] bool is_answer_to_any(const std::vector<Extension>& offered,
                                    const DeflateParameters& answer);
/// The value of Sec-WebSocket-Extensions in its response.
[[nodiscard]] std::string deflate_answer_text(const DeflateParameters& parameters);

}  // namespace wirespan
