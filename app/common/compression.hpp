// compression.hpp - permessage-deflate for the connections of one loop. RFC 7692. Private.
#pragma once

#include <memory>
#include <optional>

#include <wirespan/core/agreement.hpp>
#include <wirespan/core/permessage_deflate.hpp>
#include <wirespan/core/server_handshake.hpp>

namespace wirespan {

/// The DeflatePool of one event loop or blocking client: its connections share zlib states. Holds
/// nothing while compression is off. Not thread-safe.
class Compression {
 public:
  explicit Compression(const std::optional<DeflateOptions>& options)
      : pool_(options ? std::make_shared<DeflatePool>(*options) : nullptr) {}

  /// Proposes a server's answer to an offer; the application may change it afterwards.
  void propose(const ClientOffer& offer, Agreement& agreement) const {
    if (pool_) agreement.deflate = choose_deflate(offer.extensions, pool_->options());
  }
  /// Called after the application's decision: removes compression that the options do not allow.
  void confirm(Agreement& agreement) const noexcept {
    if (!pool_) agreement.deflate.reset();
  }
  /// The codec of a new Connection; null if compression was not agreed on.
  [[nodiscard]] std::unique_ptr<MessageCodec> codec(Role role, const Agreement& agreement) const {
    return make_deflate_codec(pool_, role, agreement.deflate);
  }

 private:
  std::shared_ptr<DeflatePool> pool_;
};

}  // namespace wirespan
