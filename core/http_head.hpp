// http_head.hpp - heads of HTTP/1 requests and responses, parsed in place. RFC 9112 §2 to §5.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <system_error>

#include <wirespan/core/bytes.hpp>
#include <wirespan/core/headers.hpp>
#include <wirespan/core/limits.hpp>

namespace wirespan {

/// Limits on the head (start line and fields) of a peer that is not trusted yet.
struct HeadLimits {
  std::size_t size = limits::head_size;              ///< Bytes, final empty line included.
  std::size_t fields = limits::head_fields;          ///< Header fields.
  std::size_t target = limits::request_target_size;  ///< Bytes of the request target.
};

/// The head of a request. Borrowed: see parse_request_head().
struct RequestHead {
  std::string_view method;              ///< Case counts.
  std::string_view target;              ///< As sent, nothing decoded.
  int minor_version = 0;                ///< 1 for HTTP/1.1.
  std::span<const HeaderField> fields;  ///< In order.
};

/// The head of a response. Borrowed: see parse_response_head().
struct ResponseHead {
  int status = 0;                       ///< 100 to 999.
  std::string_view reason;              ///< The reason phrase; may be empty.
  int minor_version = 0;                ///< 1 for HTTP/1.1.
  std::span<const HeaderField> fields;  ///< In order.
};

/// complete: the whole head is parsed. incomplete: more input is needed. malformed: this input
/// cannot become a valid head.
enum class ParseStatus : std::uint8_t { complete, incomplete, malformed };

/// Result of parsing: `head` is set only when complete.
template <class Head>
struct Parsed {
  ParseStatus status = ParseStatus::incomplete;  ///< See ParseStatus.
  std::size_t size = 0;   ///< Bytes of the head, when complete; an empty line before it included.
  std::error_code error;  ///< The defect, when malformed.
  Head head{};            ///< Set when complete.
};

/// Parses one head at the front of `in`, without a copy. The views of the result point into `in`,
/// and its fields lie in `fields`; both are the caller's and must outlive it. `seen` is the number
/// of bytes of `in` that an earlier call has scanned, so that a head which comes byte by byte does
/// not take quadratic time. Only the strict grammar of RFC 9112 passes, against request smuggling:
/// CRLF alone ends a line, no folding (obs-fold), no space before the colon, no control characters.
/// One empty line before a request is ignored (§2.2). Input that cannot become a head is malformed
/// at once, without waiting for its end.
[[nodiscard]] Parsed<RequestHead> parse_request_head(Bytes in, std::span<HeaderField> fields,
                                                     std::size_t seen = 0,
                                                     const HeadLimits& limits = {}) noexcept;
[[nodiscard]] Parsed<ResponseHead> parse_response_head(Bytes in, std::span<HeaderField> fields,
                                                       std::size_t seen = 0,
                                                       const HeadLimits& limits = {}) noexcept;

}  // namespace wirespan
