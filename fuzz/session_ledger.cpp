// session_ledger.cpp - compares the output of a session before and after each call.
#include "session_ledger.hpp"

#include <algorithm>
#include <utility>

namespace wirespan::fuzz {
namespace {

/// More pieces than a run can queue.
constexpr std::size_t most_pieces = 4096;

}  // namespace

/// Looks at the unsent output. Most calls change none of it, so it is compared before it is copied.
bool SessionLedger::has_changed() {
  pieces_.resize(most_pieces);
  const std::size_t count = session_.gather(pieces_);
  require(count < most_pieces, "one gather shows all of the output");
  looked_at_ += session_.unsent_bytes();
  bool is_same = true;
  std::size_t size = 0;
  for (const Bytes piece : std::span(pieces_).first(count)) {
    require(!piece.empty(), "a piece of a gather write has bytes");
    const Bytes before = Bytes(latest_).subspan(std::min(size, latest_.size()));
    is_same =
        is_same && before.size() >= piece.size() && same_bytes(before.first(piece.size()), piece);
    size += piece.size();
  }
  if (session_.write_has_failed()) {
    require(count == 0, "lost output is not offered");
    require(session_.unsent_bytes() == unsent(), "lost bytes are those accepted and not written");
    return false;
  }
  require(session_.unsent_bytes() == size, "unsent bytes are counted");
  if (is_same && size == latest_.size()) return false;
  latest_.clear();
  for (const Bytes piece : std::span(pieces_).first(count)) {
    latest_.insert(latest_.end(), piece.begin(), piece.end());
  }
  return true;
}

/// Returns the output that is not written as whole frames.
SessionLedger::Frames SessionLedger::frames() {
  OwnedBytes output = partial_;
  output.insert(output.end(), latest_.begin(), latest_.end());
  Frames all = parse_sent(output);
  looked_at_ += 100 * all.size();
  return all;
}

void SessionLedger::accept(const SentFrame& frame) {
  // §5.5.2: a ping is answered until the peer's Close comes, also after our own.
  require(closes_ == 0 || frame.opcode == Opcode::pong, "nothing but a pong follows a Close");
  if (frame.opcode == Opcode::close) ++closes_;
  accepted_ += frame.wire.size();
}

/// `offset`: of the frame, from the first unsent byte on.
void SessionLedger::remove(const SentFrame& frame, std::size_t offset) {
  require(frame.is_whole_message(), "only whole messages are dropped or replaced");
  require(offset >= pinned_, "bytes that the stream needs again are neither dropped nor replaced");
  removed_ += frame.wire.size();
}

void SessionLedger::after_call() {
  if (!has_changed()) return;
  Frames now = frames();
  require(now.size() >= waiting_.size(), "a call that sends no message drops none");
  for (std::size_t i = 0; i < now.size(); ++i) {
    SentFrame& frame = now[i];
    if (i < waiting_.size()) {
      require(frame.wire == waiting_[i].wire, "unsent frames do not change");
      frame.key = waiting_[i].key;
    } else {
      require(is_control(frame.opcode), "no message is sent without being asked for");
      accept(frame);
    }
  }
  waiting_ = std::move(now);
  require(session_.unsent_bytes() == unsent(), "the ledger balances");
}

bool SessionLedger::is_the_same(const SentFrame& frame, const Request& request) const {
  if (frame.opcode != request.opcode || frame.fin != request.fin) return false;
  return request.may_be_compressed || frame.payload == request.payload;
}

/// Matches the frames of `now` with those before, in order. Returns the number of frames that went
/// away. `replaces`: the request has the place of one of them; false when it was found. Null:
/// nothing was sent.
std::size_t SessionLedger::match(Frames& now, const Request* request, bool& replaces) {
  const bool expected_in_place = replaces;
  std::size_t gone = 0;
  std::size_t offset = 0;
  auto next = now.begin();
  for (std::size_t i = 0; i < waiting_.size(); ++i) {
    const SentFrame& old = waiting_[i];
    const bool starts_before = i == 0 && !partial_.empty();
    if (next != now.end() && next->wire == old.wire) {
      next->key = old.key;
      ++next;
    } else {
      require(!starts_before, "a frame that is written in part stays");
      remove(old, offset);
      ++gone;
      const bool has_key = request != nullptr && !old.key.empty() && old.key == request->key;
      if (has_key && replaces && next != now.end() && is_the_same(*next, *request)) {
        replaces = false;
        next->key = request->key;
        accept(*next++);
      }
    }
    offset += old.wire.size() - (starts_before ? partial_.size() : 0);
  }
  require(now.end() - next == (request != nullptr && !expected_in_place ? 1 : 0),
          "what is sent was asked for");
  return gone;
}

void SessionLedger::after_send(const Request& request, std::error_code error, std::size_t dropped,
                               std::size_t conflated) {
  // Overflow::drop_oldest drops all it can, also if that does not make enough room, and before the
  // source of mask keys is asked.
  const bool is_no_misuse = error == Condition::backpressure || error == Errc::no_mask_key;
  const bool drops_in_vain = is_no_misuse && dropped > 0;
  if (error && !drops_in_vain) {
    require(dropped == 0 && conflated == 0, "a message that is refused costs no other one");
    return after_call();
  }
  require(has_changed(), "a message that is accepted is there");
  Frames now = frames();
  bool replaces = conflated > 0;
  const std::size_t gone = match(now, error ? nullptr : &request, replaces);
  require(!replaces && conflated <= 1, "a message that is counted as replaced has left its place");
  require(dropped == gone - conflated, "dropped messages are counted");
  if (!error && conflated == 0) {
    require(is_the_same(now.back(), request), "a message is sent as it was given");
    now.back().key = request.key;
    accept(now.back());
  }
  waiting_ = std::move(now);
  require(session_.unsent_bytes() == unsent(), "the ledger balances");
}

void SessionLedger::before_write(std::size_t size) {
  written_ += size;
  pinned_ = 0;
  latest_.erase(latest_.begin(), latest_.begin() + static_cast<std::ptrdiff_t>(size));
  while (size > 0) {
    require(!waiting_.empty(), "nothing is written that was not sent");
    const Bytes rest = Bytes(waiting_.front().wire).subspan(partial_.size());
    const Bytes here = rest.first(std::min(size, rest.size()));
    partial_.insert(partial_.end(), here.begin(), here.end());
    size -= here.size();
    if (here.size() < rest.size()) return;
    checker_.take(partial_);
    partial_.clear();
    waiting_.erase(waiting_.begin());
  }
}

}  // namespace wirespan::fuzz
