// http_head_fuzz.cpp - a head that comes in pieces is judged like the whole, and an accepted head
// follows the grammar. RFC 9112 §2 to §5.
#include <algorithm>
#include <string>

#include "fuzz_input.hpp"
#include <wirespan/core/ascii.hpp>
#include <wirespan/core/http_head.hpp>

namespace wirespan::fuzz {
namespace {

using Fields = std::array<HeaderField, limits::head_fields>;

Parsed<RequestHead> parse(Bytes in, Fields& fields, std::size_t seen, const HeadLimits& limits,
                          RequestHead*) {
  return parse_request_head(in, fields, seen, limits);
}
Parsed<ResponseHead> parse(Bytes in, Fields& fields, std::size_t seen, const HeadLimits& limits,
                           ResponseHead*) {
  return parse_response_head(in, fields, seen, limits);
}

bool same_start(const RequestHead& a, const RequestHead& b) {
  return a.method == b.method && a.target == b.target && a.minor_version == b.minor_version;
}
bool same_start(const ResponseHead& a, const ResponseHead& b) {
  return a.status == b.status && a.reason == b.reason && a.minor_version == b.minor_version;
}

bool same_fields(std::span<const HeaderField> a, std::span<const HeaderField> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
    return x.name == y.name && x.value == y.value;
  });
}

void check_start(const RequestHead& head, const HeadLimits& limits) {
  require(is_token(head.method), "a method is a token");
  require(!head.target.empty() && head.target.size() <= limits.target, "a target has its limit");
  require(std::all_of(head.target.begin(), head.target.end(), is_visible),
          "a target has visible characters only");
}
void check_start(const ResponseHead& head, const HeadLimits&) {
  require(head.status >= 100 && head.status <= 999, "a status has three digits");
  require(is_field_value(head.reason), "a reason has no control characters");
}

template <class Head>
void check_accepted(const Parsed<Head>& parsed, Bytes in, const HeadLimits& limits) {
  require(parsed.size <= in.size() && parsed.size <= limits.size, "a head has its limit");
  require(wire_text(in.first(parsed.size)).ends_with("\r\n\r\n"), "a head ends in an empty line");
  require(parsed.head.fields.size() <= limits.fields, "the fields have their limit");
  check_start(parsed.head, limits);
  for (const HeaderField& field : parsed.head.fields) {
    require(is_valid_header(field.name, field.value), "a field follows the grammar");
    require(field.value == trim(field.value), "a value has no blanks around it");
  }
}

/// Parses a growing part of the input, as a driver does while its buffer fills, until the parser
/// has accepted or refused the head.
template <class Head>
Parsed<Head> parse_in_pieces(Bytes in, Fields& fields, const HeadLimits& limits, Tape cuts) {
  Parsed<Head> parsed;
  std::size_t seen = 0;
  for (std::size_t size = 0; size < in.size() && parsed.status == ParseStatus::incomplete;) {
    size += cuts.cut(in.size() - size);
    parsed = parse(in.first(size), fields, seen, limits, static_cast<Head*>(nullptr));
    seen = size;
  }
  return parsed;
}

template <class Head>
void check(Bytes in, const HeadLimits& limits, Tape cuts) {
  Fields whole_fields;
  const auto whole = parse(in, whole_fields, 0, limits, static_cast<Head*>(nullptr));
  require((whole.status == ParseStatus::malformed) == bool(whole.error), "malformed has a reason");
  if (whole.status == ParseStatus::complete) check_accepted(whole, in, limits);

  constexpr std::byte one{1};
  for (const Tape& tape : {cuts, Tape({&one, 1})}) {
    Fields fields;
    const auto pieces = parse_in_pieces<Head>(in, fields, limits, tape);
    if (in.empty()) continue;
    require(pieces.status == whole.status, "a head in pieces is judged as the whole one");
    require(pieces.error == whole.error, "for the same reason");
    if (whole.status != ParseStatus::complete) continue;
    require(pieces.size == whole.size, "it has the same size");
    require(same_start(pieces.head, whole.head), "it has the same first line");
    require(same_fields(pieces.head.fields, whole.head.fields), "it has the same fields");
  }
}

}  // namespace
}  // namespace wirespan::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wirespan;
  using namespace wirespan::fuzz;
  constexpr std::array<HeadLimits, 4> all_limits{
      HeadLimits{}, HeadLimits{.size = 64}, HeadLimits{.size = 300, .fields = 4, .target = 16},
      HeadLimits{.size = 4096, .fields = 0, .target = 1}};
  FuzzInput input(data, size);
  const std::uint8_t setting = input.byte();
  const HeadLimits& limits = all_limits[(setting >> 1) % all_limits.size()];
  const Tape cuts = input.tape();
  const ExactCopy in(input.rest());
  if ((setting & 1) == 0) {
    check<RequestHead>(in.get(), limits, cuts);
  } else {
    check<ResponseHead>(in.get(), limits, cuts);
  }
  return 0;
}
