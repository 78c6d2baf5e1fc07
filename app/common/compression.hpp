// compression.hpp - what a driver keeps for its compressed connections. RFC 7692. Private.
#pragma once

#include <memory>
#include <optional>

#include <wirespan/core/agreement.hpp>
#include <wirespan/core/permessage_deflate.hpp>
#include <wirespan/core/server_handshake.hpp>

namespace wirespan {

/// One for each loop: its connections share zlib's states. Nothing while compression is off.
class Compression {
 public:
  explicit Compression(const std::optional<DeflateOptions>& options)
      : pool_(options ? std::make_shared<DeflatePool>(*options) : nullptr) {}

  /// A server's answer to an offer, before the application may change it.
  void propose(const ClientOffer& offer, Agreement& agreement) const {
    if (pool_) agreement.deflate = choose_deflate(offer.extensions, pool_->options());
  }
  /// After that: what is off cannot be agreed on.
  void confirm(Agreement& agreement) const noexcept {
    if (!pool_) agreement.deflate.reset();
  }
  /// For a Connection; null if nothing was agreed on.
  [[nodiscard]] std::unique_ptr<MessageCodec> codec(Role role, const Agreement& agreement) const {
    return make_deflate_codec(pool_, role, agreement.deflate);
  }

 private:
  std::shared_ptr<DeflatePool> pool_;
};

}  // namespace wirespan
