// permessage_deflate.cpp - the codec of permessage-deflate, put together as agreed on. RFC 7692
// §7.1, §7.2.
#include <algorithm>

#include <wirespan/core/compressor.hpp>
#include <wirespan/core/inflater.hpp>
#include <wirespan/core/zlib_states.hpp>

namespace wirespan {
namespace {

/// The codec of permessage-deflate: one Compressor, one Inflater. Keeps the pool alive.
class DeflateCodec final : public MessageCodec {
 public:
  struct Direction {
    DeflateContext context;
    int window_bits;
  };

  DeflateCodec(std::shared_ptr<DeflatePool> pool, Direction sending, Direction receiving) noexcept
      : pool_(std::move(pool)),
        compressor_(pool_->impl(), sending.context, sending.window_bits),
        inflater_(pool_->impl(), receiving.context, receiving.window_bits) {}

  [[nodiscard]] Decoded decode(Bytes& in, bool last, MutableBytes room) override {
    return inflater_.decode(in, last, room);
  }
  [[nodiscard]] std::size_t decoded_size() const noexcept override {
    return inflater_.decoded_size();
  }
  [[nodiscard]] std::size_t likely_size(std::size_t payload_size) const noexcept override {
    return inflater_.likely_size(payload_size);
  }
  [[nodiscard]] bool is_worth(std::size_t first_part_size) const noexcept override {
    return first_part_size >= pool_->options().threshold;
  }
  [[nodiscard]] Expected<bool> encode(Bytes part, bool first, bool fin, ByteBuffer& out) override {
    return compressor_.encode(part, first, fin, out);
  }
  void commit(Bytes part, bool fin) noexcept override { compressor_.commit(part, fin); }
  void roll_back() noexcept override { compressor_.roll_back(); }
  [[nodiscard]] PublishedFrame::Ptr published(const PublishedFrame::Ptr& frame) override {
    const bool is_wanted = frame->may_be_compressed() && is_worth(frame->payload().size());
    return is_wanted ? compressor_.published(frame) : frame;
  }
  [[nodiscard]] std::size_t memory() const noexcept override {
    return sizeof(DeflateCodec) + compressor_.memory() + inflater_.memory();
  }

 private:
  std::shared_ptr<DeflatePool> pool_;
  Compressor compressor_;
  Inflater inflater_;
};

}  // namespace

DeflatePool::DeflatePool(const DeflateOptions& options, std::size_t keep)
    : impl_(std::make_unique<Impl>(options, keep)) {}
DeflatePool::~DeflatePool() = default;

const DeflateOptions& DeflatePool::options() const noexcept { return impl_->options(); }
std::size_t DeflatePool::memory() const noexcept { return impl_->memory(); }
std::size_t DeflatePool::idle() const noexcept { return impl_->idle(); }

bool deflate_available() noexcept { return true; }

std::unique_ptr<MessageCodec> make_deflate_codec(const std::shared_ptr<DeflatePool>& pool,
                                                 Role role,
                                                 const std::optional<DeflateParameters>& agreed) {
  if (!pool || !agreed) return nullptr;
  const DeflateOptions& options = pool->options();
  const bool is_server = role == Role::server;
  const bool we_forget =
      is_server ? agreed->server_no_context_takeover : agreed->client_no_context_takeover;
  const bool peer_forgets =
      is_server ? agreed->client_no_context_takeover : agreed->server_no_context_takeover;
  const int our_bits = (is_server ? agreed->server_max_window_bits : agreed->client_max_window_bits)
                           .value_or(most_window_bits);
  const int peer_bits =
      (is_server ? agreed->client_max_window_bits : agreed->server_max_window_bits)
          .value_or(most_window_bits);
  // We want no context, but the agreement lets the peer keep one: its messages may refer to earlier
  // ones, so we keep the context that costs the least memory.
  const DeflateContext wanted = receive_context(options, role);
  const DeflateContext following =
      wanted == DeflateContext::none ? DeflateContext::dictionary : wanted;
  return std::make_unique<DeflateCodec>(
      pool,
      DeflateCodec::Direction{
          .context = we_forget ? DeflateContext::none : send_context(options, role),
          .window_bits = std::min(our_bits, options.send_window_bits)},
      DeflateCodec::Direction{.context = peer_forgets ? DeflateContext::none : following,
                              .window_bits = peer_bits});
}

}  // namespace wirespan
