// publisher_compression.cpp - compresses published messages on the thread that publishes. RFC 7692.
#include <new>

#include <wirespan/app/server/publisher_compression.hpp>
#include <wirespan/core/permessage_deflate.hpp>

namespace wirespan {
namespace {

/// Returns the codec of a connection that has agreed on what the server would choose by itself.
std::unique_ptr<MessageCodec> own_choice(const DeflateOptions& options) {
  const bool forgets = send_context(options, Role::server) == DeflateContext::none;
  return make_deflate_codec(std::make_shared<DeflatePool>(options), Role::server,
                            DeflateParameters{.server_no_context_takeover = forgets});
}

}  // namespace

/// Options that listen() refuses make no codec, because no connection will use it.
PublisherCompression::PublisherCompression(const ServerOptions& options)
    : smallest_(options.publisher_compresses_from.value_or(0)) {
  const bool is_on = options.compression && options.publisher_compresses_from;
  if (is_on && !check_deflate_options(*options.compression))
    codec_ = own_choice(*options.compression);
}

void PublisherCompression::compress(const PublishedFrame::Ptr& frame) noexcept {
  if (!codec_ || frame->payload().size() < smallest_) return;
  if (!has_receivers_.load(std::memory_order_relaxed)) return;
  const std::lock_guard lock(mutex_);
  try {
    (void)codec_->published(frame);
  } catch (const std::bad_alloc&) {
    return;
  }
}

}  // namespace wirespan
