// output_checker.hpp - judges what a connection writes: whole, legal frames of its role, fragments
// in order, one Close at most and no data after it. RFC 6455 §5, §7.
#pragma once

#include "fuzz_input.hpp"
#include <wirespan/core/opcode.hpp>

namespace wirespan::fuzz {

class OutputChecker {
 public:
  /// `text_is_checked`: the connection refuses to send text that is not UTF-8.
  OutputChecker(Role sender, bool text_is_checked)
      : sender_(sender), text_is_checked_(text_is_checked) {}

  /// Requires whole frames, because every call on a connection writes whole ones. They are judged
  /// without the library's own parser: what both got wrong would stay unseen.
  void take(Bytes frames);

  [[nodiscard]] std::size_t closes() const noexcept { return closes_; }
  [[nodiscard]] std::size_t pongs() const noexcept { return pongs_; }
  /// The payload of the latest frame, unmasked.
  [[nodiscard]] const OwnedBytes& latest() const noexcept { return latest_; }
  [[nodiscard]] Opcode latest_opcode() const noexcept { return latest_opcode_; }

 private:
  Bytes take_frame(Bytes frames);
  void check_data(bool fin);
  void check_control(bool fin);
  void check_close() const;

  Role sender_;
  bool text_is_checked_;
  bool under_way_ = false;
  bool text_ = false;
  OwnedBytes message_;
  OwnedBytes latest_;
  Opcode latest_opcode_ = Opcode::continuation;
  std::size_t closes_ = 0;
  std::size_t pongs_ = 0;
};

}  // namespace wirespan::fuzz
