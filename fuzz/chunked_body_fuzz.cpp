// chunked_body_fuzz.cpp - a chunked body in pieces is decoded like the whole, within its limit, and
// as a decoder says that works on the whole body. RFC 9112 §7.1.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

#include "fuzz_input.hpp"
#include <wirespan/core/ascii.hpp>
#include <wirespan/core/chunked_body.hpp>
#include <wirespan/core/limits.hpp>

namespace wirespan::fuzz {
namespace {

using Status = ChunkedBody::Status;

struct Decoded {
  Status status = Status::needs_input;
  std::string data;
  std::size_t consumed = 0;
  bool ended = false;
  bool operator==(const Decoded&) const = default;
};

Decoded decode(Bytes input, Tape tape, std::size_t limit) {
  ChunkedBody body;
  Decoded decoded;
  do {
    const ExactCopy piece(input.first(tape.cut(input.size())));
    input = input.subspan(piece.get().size());
    decoded.status = body.feed(piece.get(), decoded.data, limit);
    decoded.consumed += body.consumed();
    require(body.consumed() <= piece.get().size(), "no more is consumed than was given");
    require(decoded.data.size() <= limit, "the output has its limit");
  } while (!input.empty());
  decoded.ended = body.ended();
  return decoded;
}

/// Takes one line without its CR LF off the front of `text`.
std::optional<std::string_view> take_line(std::string_view& text) {
  const std::size_t end = text.find("\r\n");
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 2);
  return line;
}

/// Decodes a body that is known to be whole and well-formed.
std::string simple_decode(std::string_view text) {
  std::string data;
  for (;;) {
    const auto line = take_line(text);
    require(line && !line->empty() && is_hex_digit(line->front()), "a chunk begins with its size");
    const std::size_t size =
        std::stoull(std::string(line->substr(0, line->find_first_of("; \t"))), nullptr, 16);
    if (size == 0) break;
    require(text.size() > size, "a chunk is whole");
    data.append(text.substr(0, size));
    text.remove_prefix(size);
    require(text.starts_with("\r\n"), "a chunk ends in an empty line");
    text.remove_prefix(2);
  }
  for (auto line = take_line(text); line && !line->empty(); line = take_line(text)) {
    require(is_token(line->substr(0, line->find(':'))), "a trailer field has a name");
  }
  require(text.empty(), "a body ends with an empty line");
  return data;
}

}  // namespace
}  // namespace wirespan::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wirespan::fuzz;
  FuzzInput input(data, size);
  const std::uint8_t choice = input.byte();
  const std::size_t limit = choice == 0 ? std::size_t{1} << 20 : choice;
  const Tape tape = input.tape();
  const wirespan::Bytes wire = input.rest();
  const Decoded whole = decode(wire, Tape(), limit);
  require(whole == decode(wire, tape, limit), "pieces are decoded like the whole");
  require(!whole.ended || whole.status == Status::complete, "a body that has ended is complete");
  if (!whole.ended) return 0;
  require(simple_decode(wirespan::wire_text(wire.first(whole.consumed))) == whole.data,
          "the data are those of the chunks");
  return 0;
}
