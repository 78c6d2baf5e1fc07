// refusal.cpp - reads the body of a response other than 101. RFC 9112 §6.
#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include <wirespan/app/client/refusal.hpp>
#include <wirespan/core/ascii.hpp>
#include <wirespan/core/limits.hpp>

namespace wirespan {
namespace {

/// The bytes of body to wait for: none without a body or with a length that is no number, nullopt
/// if the response names no length.
std::optional<std::size_t> length_of(const HandshakeRejected& response) {
  if (response.status == 204 || response.status == 304) return 0;
  const auto length = response.headers.get("Content-Length");
  if (!length) return std::nullopt;
  std::size_t size = 0;
  const char* const end = length->data() + length->size();
  const auto parsed = std::from_chars(length->data(), end, size);
  if (parsed.ec != std::errc() || parsed.ptr != end) return 0;
  return std::min(size, limits::rejection_body_size);
}

bool is_chunked(const HandshakeRejected& response) {
  const auto codings = response.headers.get_all("Transfer-Encoding");
  return codings.size() == 1 && equal_ignoring_case(codings.front(), "chunked");
}

}  // namespace

Refusal::Refusal(HandshakeRejected response) : response_(std::move(response)) {
  if (response_.headers.contains("Transfer-Encoding")) {
    // Another coding than chunked is not decoded, and its end is not known.
    is_chunked(response_) ? (void)chunks_.emplace() : (void)length_.emplace(0);
  } else {
    length_ = length_of(response_);
  }
}

bool Refusal::take(Bytes input) {
  if (chunks_) {
    const auto status = chunks_->feed(input, body_, limits::rejection_body_size);
    return status != ChunkedBody::Status::needs_input;
  }
  const std::size_t most = length_.value_or(limits::rejection_body_size);
  body_ += wire_text(input.first(std::min(input.size(), most - body_.size())));
  return body_.size() == most;
}

}  // namespace wirespan
