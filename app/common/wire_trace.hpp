// wire_trace.hpp - turns the bytes of one connection into the lines of enable_trace(). Private.
#pragma once

#include <string>
#include <string_view>

#include <wirespan/core/bytes.hpp>

namespace wirespan {

/// Logs both directions of one connection, each as an HTTP head and then as frames. It keeps a copy
/// of every head and frame until it is complete: tracing is for diagnosis, not for speed. Owned by
/// the Transport.
class WireTrace {
 public:
  void sent(Bytes bytes) { sent_.follow(wire_text(bytes)); }
  void received(Bytes bytes) { received_.follow(wire_text(bytes)); }

 private:
  class Direction {
   public:
    explicit Direction(std::string_view word) : word_(word) {}
    /// Appends bytes and logs the heads and frames that are complete.
    void follow(std::string_view bytes);

   private:
    [[nodiscard]] bool take_head();
    [[nodiscard]] bool take_frame();

    std::string_view word_;  // "Sent" or "Rcv"
    std::string rest_;       // the beginning of a head or frame that is not complete
    bool frames_ = false;    // the head was the last one: frames follow
    bool body_ = false;      // the body of a response other than 101 follows, which is not logged
  };

  Direction sent_{"Sent"};
  Direction received_{"Rcv"};
};

}  // namespace wirespan
