// published_frame.cpp - encodes a message apart from others, masked or not, and keeps its
// compressed forms. RFC 6455 §5.2, §5.3, RFC 7692 §6.1.
#include <cassert>

#include <wirespan/core/published_frame.hpp>

namespace wirespan {

PublishedFrame::PublishedFrame(Parts parts) noexcept
    : bytes_(std::move(parts.bytes)),
      key_(std::move(parts.key)),
      head_size_(static_cast<std::uint8_t>(parts.head_size)),
      opcode_(parts.opcode),
      compress_(parts.compress) {}

PublishedFrame::~PublishedFrame() {
  const PublishedFrame* form = forms_.load(std::memory_order_acquire);
  while (form != nullptr) {
    const Ptr owned(std::exchange(form, form->next_));
  }
}

PublishedFrame::Ptr PublishedFrame::make(Opcode opcode, Bytes payload, std::string_view key,
                                         Compress compress) {
  const FrameHeader header{.payload_size = payload.size(), .opcode = opcode};
  return Ptr(new PublishedFrame(encode(header, payload, key, compress)));
}

PublishedFrame::Ptr PublishedFrame::make_masked(Opcode opcode, Bytes payload, MaskKey mask,
                                                std::string_view key) {
  const FrameHeader header{
      .payload_size = payload.size(), .mask = mask, .opcode = opcode, .masked = true};
  return Ptr(new PublishedFrame(encode(header, payload, key, Compress::never)));
}

PublishedFrame::Ptr PublishedFrame::form(unsigned number) const noexcept {
  const PublishedFrame* form = forms_.load(std::memory_order_acquire);
  while (form != nullptr && form->number_ != number) form = form->next_;
  if (form == nullptr) return {};
  form->owners_.fetch_add(1, std::memory_order_relaxed);
  return Ptr(form);
}

PublishedFrame::Ptr PublishedFrame::add_form(unsigned number, Bytes compressed) const {
  assert(may_be_compressed());
  Parts parts{.bytes = {},
              .key = std::string(key_),
              .head_size = 0,
              .opcode = opcode_,
              .compress = Compress::never};
  if (!compressed.empty()) {
    parts = encode({.payload_size = compressed.size(), .opcode = opcode_, .rsv1 = true}, compressed,
                   key_, Compress::never);
  }
  Ptr form(new PublishedFrame(std::move(parts)));
  Ptr listed = form;
  listed->number_ = static_cast<std::uint8_t>(number);
  listed->next_ = forms_.load(std::memory_order_relaxed);
  while (!forms_.compare_exchange_weak(listed->next_, listed.get(), std::memory_order_release,
                                       std::memory_order_relaxed)) {
  }
  listed.frame_ = nullptr;  // this frame owns it now
  return form;
}

PublishedFrame::Parts PublishedFrame::encode(const FrameHeader& header, Bytes payload,
                                             std::string_view key, Compress compress) {
  assert(header.opcode == Opcode::text || header.opcode == Opcode::binary);
  const FrameHead head = make_frame_head(header);
  std::vector<std::byte> bytes;
  bytes.reserve(head.size + payload.size());
  const Bytes encoded = head.bytes();
  bytes.insert(bytes.end(), encoded.begin(), encoded.end());
  bytes.insert(bytes.end(), payload.begin(), payload.end());
  if (header.masked) apply_mask(MutableBytes(bytes).subspan(head.size), header.mask);
  return {.bytes = std::move(bytes),
          .key = std::string(key),
          .head_size = head.size,
          .opcode = header.opcode,
          .compress = compress};
}

}  // namespace wirespan
