// publisher_compression.hpp - compresses published messages on the thread that publishes. RFC 7692.
// Private.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>

#include <wirespan/app/server_options.hpp>
#include <wirespan/core/message_codec.hpp>
#include <wirespan/core/published_frame.hpp>

namespace wirespan {

/// Makes the compressed form of a published message before any loop needs it, as ServerOptions::
/// publisher_compresses_from asks for: the form that subscribers get whose agreement is the
/// server's own choice. Others, such as those that asked for a smaller window, leave theirs to
/// their loops. All functions may be called by any thread; messages are compressed one after the
/// other.
class PublisherCompression {
 public:
  explicit PublisherCompression(const ServerOptions& options);

  /// Called once a connection has agreed on compression; before that compress() does nothing.
  void expect_receivers() noexcept { has_receivers_.store(true, std::memory_order_relaxed); }
  /// Adds the compressed form to the frame, if the options want that of a message of its size.
  /// Without memory it is left to the loops.
  void compress(const PublishedFrame::Ptr& frame) noexcept;

 private:
  std::size_t smallest_;
  std::atomic<bool> has_receivers_{false};
  std::mutex mutex_;                     // guards the codec
  std::unique_ptr<MessageCodec> codec_;  // null: the option is off
};

}  // namespace wirespan
