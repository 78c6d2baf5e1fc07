// http_head.hpp - request and response heads of HTTP/1, parsed where they lie. RFC 9112 §2 to §5.
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

/// How much of a stranger's head we are willing to look at.
struct HeadLimits {
  std::size_t size = limits::head_size;              ///< Bytes, final empty line included.
  std::size_t fields = limits::head_fields;          ///< Header fields.
  std::size_t target = limits::request_target_size;  ///< Bytes of the request target.
};

struct RequestHead {
  std::string_view method;
  std::string_view target;
  int minor_version = 0;
  std::span<const HeaderField> fields;
};

struct ResponseHead {
  int status = 0;
  std::string_view reason;
  int minor_version = 0;
  std::span<const HeaderField> fields;
};

enum class ParseStatus : std::uint8_t { complete, incomplete, malformed };

template <class Head>
struct Parsed {
  ParseStatus status = ParseStatus::incomplete;
  std::size_t size = 0;   ///< Bytes of the head, when complete.
  std::error_code error;  ///< Why, when malformed.
  Head head{};
};

/// Parses one head. The views of the result point into `in`, its fields into `fields`; both are
/// the caller's and must outlive it. `seen` is how much of `in` an earlier call has looked at, so
/// that a head which comes byte by byte is not scanned again and again. Only the grammar of
/// RFC 9112 passes: CRLF alone ends a line, no folding, no blank before the colon, no control
/// characters. One empty line before a request is ignored (§2.2). What cannot become a
/// head any more is malformed at once, without waiting for its end.
[[nodiscard]] Parsed<RequestHead> parse_request_head(Bytes in, std::span<HeaderField> fields,
                                                     std::size_t seen = 0,
                                                     const HeadLimits& limits = {}) noexcept;
[[nodiscard]] Parsed<ResponseHead> parse_response_head(Bytes in, std::span<HeaderField> fields,
                                                       std::size_t seen = 0,
                                                       const HeadLimits& limits = {}) noexcept;

}  // namespace wirespan
