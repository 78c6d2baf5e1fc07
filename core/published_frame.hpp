// published_frame.hpp - a message encoded apart from others: for fan-out, and for conflation.
// RFC 6455 §5.2.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <wirespan/core/bytes.hpp>
#include <wirespan/core/frame.hpp>
#include <wirespan/core/mask.hpp>
#include <wirespan/core/message.hpp>
#include <wirespan/core/opcode.hpp>

namespace wirespan {

/// Fan-out: the frame of a whole message, encoded once and sent by many connections of a server. A
/// server does not mask, so all of them send the same bytes. A client's frame is masked and for one
/// connection only: it can be replaced by itself (conflation). Immutable and shared by an atomic
/// reference count, also between threads; the last PublishedFrame::Ptr frees it.
///
/// Connections that compress share a compressed form, which the first of them makes and adds to the
/// frame: without context, so that it is valid for all that agreed on the same window. Adding a
/// form takes no lock: when two event loops need one at once each may make it, and one of the two
/// is used from then on.
class PublishedFrame {
 public:
  /// Shared owner of a frame, one pointer wide. Copying it increments the atomic count.
  class Ptr {
   public:
    Ptr() noexcept = default;
    Ptr(const Ptr& other) noexcept : frame_(other.frame_) {
      if (frame_ != nullptr) frame_->owners_.fetch_add(1, std::memory_order_relaxed);
    }
    Ptr(Ptr&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
    Ptr& operator=(Ptr other) noexcept {
      std::swap(frame_, other.frame_);
      return *this;
    }
    ~Ptr() {
      const bool last =
          frame_ != nullptr && frame_->owners_.fetch_sub(1, std::memory_order_acq_rel) == 1;
      if (last) delete frame_;
    }

    /// The frame; null if there is none.
    [[nodiscard]] const PublishedFrame* get() const noexcept { return frame_; }
    const PublishedFrame* operator->() const noexcept { return frame_; }
    /// True if there is a frame.
    explicit operator bool() const noexcept { return frame_ != nullptr; }

   private:
    friend class PublishedFrame;
    explicit Ptr(const PublishedFrame* frame) noexcept : frame_(frame) {}
    const PublishedFrame* frame_ = nullptr;
  };

  /// Encodes a frame. Requires Opcode::text or binary; text must be valid UTF-8, which is not
  /// checked here. Compress::never: it has no compressed form. Throws std::bad_alloc.
  [[nodiscard]] static Ptr make(Opcode opcode, Bytes payload, std::string_view key = {},
                                Compress compress = Compress::if_agreed);
  /// The same for a client, masked with `mask`.
  [[nodiscard]] static Ptr make_masked(Opcode opcode, Bytes payload, MaskKey mask,
                                       std::string_view key);

  PublishedFrame(const PublishedFrame&) = delete;
  PublishedFrame& operator=(const PublishedFrame&) = delete;

  /// Returns header and payload as they go onto the wire.
  [[nodiscard]] Bytes bytes() const noexcept { return bytes_; }
  /// Returns the payload, as it is in bytes().
  [[nodiscard]] Bytes payload() const noexcept { return bytes().subspan(head_size_); }
  /// text or binary.
  [[nodiscard]] Opcode opcode() const noexcept { return opcode_; }
  /// False for a frame that is to be sent as it is, whatever a connection agreed on.
  [[nodiscard]] bool may_be_compressed() const noexcept { return compress_ == Compress::if_agreed; }
  /// Returns the conflation key: an unsent frame with the same key may be replaced by this one.
  /// Empty: no conflation.
  [[nodiscard]] std::string_view key() const noexcept { return key_; }

  /// Returns the form that add_form() added under this number; null if there is none yet.
  [[nodiscard]] Ptr form(unsigned number) const noexcept;
  /// Adds the frame with a compressed payload under a number, which stands for what its receivers
  /// have agreed on, and returns it. An empty payload: this message is better sent as it is, and
  /// its form has no bytes. Any thread. Throws std::bad_alloc.
  Ptr add_form(unsigned number, Bytes compressed) const;

 private:
  struct Parts {
    std::vector<std::byte> bytes;
    std::string key;
    std::size_t head_size;
    Opcode opcode;
    Compress compress;
  };
  [[nodiscard]] static Parts encode(const FrameHeader& header, Bytes payload, std::string_view key,
                                    Compress compress);
  explicit PublishedFrame(Parts parts) noexcept;
  ~PublishedFrame();

  std::vector<std::byte> bytes_;
  std::string key_;
  mutable std::atomic<std::uint32_t> owners_{1};
  std::uint8_t head_size_;
  Opcode opcode_;
  Compress compress_;
  mutable std::uint8_t number_ = 0;                             // of a form: its number
  mutable std::atomic<const PublishedFrame*> forms_ = nullptr;  // owned: the latest form
  mutable const PublishedFrame* next_ = nullptr;  // of a form: the one added before it
};

}  // namespace wirespan
