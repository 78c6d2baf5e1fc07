// output_checker.hpp - checks the output of a connection: whole, legal frames of its role,
// fragments in order, at most one Close and no data after it. RFC 6455 §5, §7.
#pragma once

#include "fuzz_input.hpp"
#include <wirespan/core/opcode.hpp>

namespace wirespan::fuzz {

/// Checks the output of one connection from its first byte on, and remembers the latest frame. A
/// broken rule aborts through require().
class OutputChecker {
 public:
  /// `text_is_checked`: the connection refuses to send text that is not UTF-8.
  OutputChecker(Role sender, bool text_is_checked)
      : sender_(sender), text_is_checked_(text_is_checked) {}

  /// Lets the first frame of a message have RSV1 (RFC 7692 §6); its text is then not checked.
  void allow_compression() noexcept { allows_rsv1_ = true; }

  /// Checks the next bytes, which must be whole frames: every call on a connection appends whole
  /// ones. The library's own decoder is not used, since it may share a defect with the encoder.
  void take(Bytes frames);

  [[nodiscard]] std::size_t closes() const noexcept { return closes_; }
  [[nodiscard]] std::size_t pongs() const noexcept { return pongs_; }
  /// The payload of the latest frame, unmasked.
  [[nodiscard]] const OwnedBytes& latest() const noexcept { return latest_; }
  [[nodiscard]] Opcode latest_opcode() const noexcept { return latest_opcode_; }

 private:
  Bytes take_frame(Bytes frames);
  void check_data(bool fin, bool rsv1);
  void check_control(bool fin);
  void check_close() const;

  Role sender_;
  bool text_is_checked_;
  bool allows_rsv1_ = false;
  bool under_way_ = false;
  bool text_ = false;
  OwnedBytes message_;
  OwnedBytes latest_;
  Opcode latest_opcode_ = Opcode::continuation;
  std::size_t closes_ = 0;
  std::size_t pongs_ = 0;
};

}  // namespace wirespan::fuzz
