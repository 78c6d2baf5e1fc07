// chunked_body.cpp - decodes a body in chunked transfer coding. RFC 9112 §7.1.
#include <algorithm>

#include <wirespan/core/ascii.hpp>
#include <wirespan/core/chunked_body.hpp>
#include <wirespan/core/limits.hpp>

namespace wirespan {
namespace {

bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }

/// True for a byte of a field value or of a chunk extension: no control character.
bool is_text(char c) noexcept { return is_field_value({&c, 1}); }

}  // namespace

ChunkedBody::State ChunkedBody::after_size_digit(char c) noexcept {
  const auto digit = static_cast<unsigned>(is_digit(c) ? c - '0' : to_lower(c) - 'a' + 10);
  if (chunk_left_ >> 60 != 0) return State::broken;  // 64 bits do not hold the next digit
  chunk_left_ = chunk_left_ << 4 | digit;
  return State::size;
}

/// Returns the state behind one byte that is not data of a chunk.
ChunkedBody::State ChunkedBody::after(char c) noexcept {
  const auto expect = [&](char wanted, State next) { return c == wanted ? next : State::broken; };
  switch (state_) {
    case State::size_start:
      return is_hex_digit(c) ? after_size_digit(c) : State::broken;
    case State::size:
      if (is_hex_digit(c)) return after_size_digit(c);
      if (c == '\r') return State::size_lf;
      [[fallthrough]];
    case State::extension_gap:
      return is_blank(c) ? State::extension_gap : expect(';', State::extension);
    case State::extension:
      return is_text(c) ? State::extension : expect('\r', State::size_lf);
    case State::size_lf:
      return expect('\n', chunk_left_ == 0 ? State::trailer_start : State::data);
    case State::data_cr:
      return expect('\r', State::data_lf);
    case State::data_lf:
      return expect('\n', State::size_start);
    case State::trailer_start:
      return is_token_char(c) ? State::trailer_name : expect('\r', State::final_lf);
    case State::trailer_name:
      return is_token_char(c) ? State::trailer_name : expect(':', State::trailer_value);
    case State::trailer_value:
      return is_text(c) ? State::trailer_value : expect('\r', State::trailer_lf);
    case State::trailer_lf:
      return expect('\n', State::trailer_start);
    case State::final_lf:
      return expect('\n', State::ended);
    default:
      return State::broken;
  }
}

/// Counts one byte that is not data, read in the state `before`. False if a limit is exceeded.
bool ChunkedBody::count(State before) noexcept {
  const bool is_extra = state_ == State::extension_gap || state_ == State::extension ||
                        state_ == State::trailer_name || state_ == State::trailer_value;
  if (is_extra && ++extra_ > limits::chunk_extra_size) return false;
  const bool begins_line =
      before == State::size_start || before == State::data_cr || before == State::trailer_start;
  line_ = begins_line ? 1 : line_ + 1;
  return line_ <= limits::chunk_line_size;
}

/// Takes data of the chunk and returns the bytes taken.
std::size_t ChunkedBody::take_data(Bytes input, std::string& out, std::size_t limit) {
  const std::size_t room = limit - std::min(limit, out.size());
  const std::size_t present = std::min(input.size(), room);
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(present, chunk_left_));
  out.append(wire_text(input.first(size)));
  chunk_left_ -= size;
  if (chunk_left_ == 0) state_ = State::data_cr;
  if (size == room) state_ = State::cut_at_limit;
  return size;
}

ChunkedBody::Status ChunkedBody::feed(Bytes input, std::string& out, std::size_t limit) {
  const auto is_over = [&] { return state_ >= State::ended; };
  consumed_ = 0;
  while (consumed_ < input.size() && !is_over()) {
    if (state_ == State::data) {
      consumed_ += take_data(input.subspan(consumed_), out, limit);
      continue;
    }
    const State before = state_;
    state_ = after(static_cast<char>(input[consumed_++]));
    if (!is_over() && !count(before)) state_ = State::broken;
  }
  if (!is_over()) return Status::needs_input;
  return state_ == State::broken ? Status::malformed : Status::complete;
}

}  // namespace wirespan
