// wire_trace.hpp - turns the bytes of one connection into the lines of enable_trace(). Private.
#pragma once

#include <string>
#include <string_view>

#include <wirespan/core/bytes.hpp>

namespace wirespan {

/// Follows both directions of one connection: a head each, then frames. It keeps a copy of what is
/// not complete yet; tracing is for looking, not for speed.
class WireTrace {
 public:
  void sent(Bytes bytes) { sent_.follow(wire_text(bytes)); }
  void received(Bytes bytes) { received_.follow(wire_text(bytes)); }

 private:
  class Direction {
   public:
    explicit Direction(std::string_view word) : word_(word) {}
    void follow(std::string_view bytes);

   private:
    [[nodiscard]] bool take_head();
    [[nodiscard]] bool take_frame();

    std::string_view word_;  // "Sent" or "Rcv"
    std::string rest_;
    bool frames_ = false;
    bool body_ = false;  // of an answer that did not switch protocols: not shown
  };

  Direction sent_{"Sent"};
  Direction received_{"Rcv"};
};

}  // namespace wirespan
