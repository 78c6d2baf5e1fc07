// endpoint.hpp - an echoing endpoint that keeps the rules of RFC 6455 but for one flaw, to test
// that the suite finds this flaw and no other.
#pragma once

#include <array>
#include <optional>

#include "wire/frame.hpp"
#include "wire/utf8.hpp"

namespace conformance {

enum class Flaw : std::uint8_t {
  none,
  accepts_bad_utf8,
  checks_utf8_late,  ///< Checks when the message is complete.
  ignores_reserved_bits,
  ignores_reserved_opcodes,
  accepts_long_pings,
  accepts_fragmented_pings,
  accepts_stray_fragments,
  loses_second_fragment,
  empties_pongs,
  answers_no_ping,
  answers_one_ping_of_two,
  answers_no_close,
  answers_after_close,
  accepts_any_close_code,
  accepts_any_close_reason,
  keeps_tcp,         ///< Does not end TCP after the closing handshake, as a server.
  wrong_close_code,  ///< Sends 1008 for every violation.
  answers_text_as_binary,
  cuts_last_octet,
  wrongly_masked,
  lengths_not_minimal,
  echoes_late,  ///< Echoes when input pauses, and not if that is an error.
};

struct FlawName {
  Flaw flaw;
  const char* name;
};
inline constexpr std::array flaw_names{
    FlawName{Flaw::none, "none"},
    FlawName{Flaw::accepts_bad_utf8, "accepts_bad_utf8"},
    FlawName{Flaw::checks_utf8_late, "checks_utf8_late"},
    FlawName{Flaw::ignores_reserved_bits, "ignores_reserved_bits"},
    FlawName{Flaw::ignores_reserved_opcodes, "ignores_reserved_opcodes"},
    FlawName{Flaw::accepts_long_pings, "accepts_long_pings"},
    FlawName{Flaw::accepts_fragmented_pings, "accepts_fragmented_pings"},
    FlawName{Flaw::accepts_stray_fragments, "accepts_stray_fragments"},
    FlawName{Flaw::loses_second_fragment, "loses_second_fragment"},
    FlawName{Flaw::empties_pongs, "empties_pongs"},
    FlawName{Flaw::answers_no_ping, "answers_no_ping"},
    FlawName{Flaw::answers_one_ping_of_two, "answers_one_ping_of_two"},
    FlawName{Flaw::answers_no_close, "answers_no_close"},
    FlawName{Flaw::answers_after_close, "answers_after_close"},
    FlawName{Flaw::accepts_any_close_code, "accepts_any_close_code"},
    FlawName{Flaw::accepts_any_close_reason, "accepts_any_close_reason"},
    FlawName{Flaw::keeps_tcp, "keeps_tcp"},
    FlawName{Flaw::wrong_close_code, "wrong_close_code"},
    FlawName{Flaw::answers_text_as_binary, "answers_text_as_binary"},
    FlawName{Flaw::cuts_last_octet, "cuts_last_octet"},
    FlawName{Flaw::wrongly_masked, "wrongly_masked"},
    FlawName{Flaw::lengths_not_minimal, "lengths_not_minimal"},
    FlawName{Flaw::echoes_late, "echoes_late"}};

/// Octets in, octets out, without a socket; over() when the connection has to end.
class Endpoint {
 public:
  Endpoint(Role role, Flaw flaw) noexcept : role_(role), flaw_(flaw) {}

  void receive(std::string_view octets);
  [[nodiscard]] Octets take_output();
  /// True if the connection has to end when the output is written.
  [[nodiscard]] bool over() const noexcept { return over_; }

 private:
  struct OpenFrame {
    std::uint8_t opcode = 0;
    bool fin = true;
    std::uint64_t missing = 0;
    std::uint32_t mask = 0;
    Octets payload;
  };

  [[nodiscard]] bool begin_frame();
  [[nodiscard]] bool header_allowed(const OpenFrame& frame, unsigned rsv);
  [[nodiscard]] bool order_allowed(const OpenFrame& frame);
  void take_payload();
  void finish_frame();
  void finish_message();
  void on_text(std::string_view piece);
  void on_ping();
  void on_close();
  [[nodiscard]] std::optional<std::uint16_t> close_defect() const;
  void fail(std::uint16_t code);
  void send(std::uint8_t code, Octets payload);
  [[nodiscard]] bool has(Flaw flaw) const noexcept { return flaw_ == flaw; }

  Role role_;
  Flaw flaw_;
  Octets input_;
  Octets output_;
  std::optional<OpenFrame> frame_;
  Octets message_;
  std::uint8_t message_opcode_ = 0;  ///< 0: no message is open.
  unsigned fragments_ = 0;
  unsigned pings_ = 0;
  Utf8Check utf8_;
  bool closed_ = false;
  bool over_ = false;
};

}  // namespace conformance
