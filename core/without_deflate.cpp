// without_deflate.cpp - permessage_deflate.hpp in a build without zlib: never offers or agrees.
#include <wirespan/core/permessage_deflate.hpp>

namespace wirespan {

class DeflatePool::Impl {
 public:
  explicit Impl(const DeflateOptions& wanted) : options(wanted) {}
  DeflateOptions options;
};

DeflatePool::DeflatePool(const DeflateOptions& options, std::size_t)
    : impl_(std::make_unique<Impl>(options)) {}
DeflatePool::~DeflatePool() = default;

const DeflateOptions& DeflatePool::options() const noexcept { return impl_->options; }
std::size_t DeflatePool::memory() const noexcept { return 0; }
std::size_t DeflatePool::idle() const noexcept { return 0; }

bool deflate_available() noexcept { return false; }

std::unique_ptr<MessageCodec> make_deflate_codec(const std::shared_ptr<DeflatePool>&, Role,
                                                 const std::optional<DeflateParameters>&) {
  return nullptr;
}

}  // namespace wirespan
