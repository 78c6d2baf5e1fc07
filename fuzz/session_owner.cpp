// session_owner.cpp - the driver's half of SessionOwner: reads, writes, time and the end.
#include "session_owner.hpp"

#include <algorithm>
#include <utility>

#include "session_rival.hpp"

namespace wirespan::fuzz {

SessionOwner::SessionOwner(SessionSettings& settings, const ReferenceReceiver* reference, Tape tape)
    : settings_(settings),
      reference_(reference),
      tape_(tape),
      queues_(*settings.connection.blocks),
      session_(settings.new_connection(), settings.options, queues_, settings.gathers, now_),
      ledger_(session_, settings.role) {
  if (settings.options.budget != nullptr) {
    rival_ = std::make_unique<SessionRival>(settings.options.budget, queues_, now_);
  }
}

SessionOwner::~SessionOwner() = default;

void SessionOwner::run(Bytes wire) {
  wire_ = wire;
  constexpr int least_steps = 64;
  constexpr int most_steps = 600;
  // The ledger looks at the whole backlog after each call: a long one must not take seconds.
  constexpr std::size_t most_looked_at = std::size_t{4} << 20;
  for (int i = 0; i < most_steps && !session_.over(); ++i) {
    if (ledger_.looked_at() > most_looked_at) break;
    if (wire_.empty() && i >= least_steps) break;
    step();
    end_turn();
  }
  finish();
}

void SessionOwner::step() {
  constexpr std::array<std::size_t, 8> rooms{unlimited, 0, 1, 5, 50, 130, 1000, unlimited};
  constexpr std::array<int, 8> waits{1, 10, 100, 499, 500, 1000, 3000, 60'000};
  if (session_.has_unread_input() && session_.wants_input()) digest();
  const std::uint8_t choice = tape_.next();
  switch (choice >> 4) {
    case 0x4:
      room_ = rooms[choice & 7];
      break;
    case 0x5:
      pass_time(now_ + std::chrono::milliseconds(waits[choice & 7]));
      break;
    case 0x6:
      if (const auto deadline = session_.deadline()) pass_time(*deadline);
      break;
    default:
      if (choice < 0x40) return read((choice & 1) == 0);
      (void)act(choice, {});
      if ((choice & 0xF7) == 0xF6) end_input((choice & 8) != 0 ? Errc::connection_lost : Errc{});
  }
}

// Input.

void SessionOwner::read(bool is_last) {
  if (!session_.wants_input() || wire_.empty()) return;
  const std::size_t size = tape_.cut(wire_.size());
  ExactCopy shared(size);
  const MutableBytes window = session_.receive_window(shared.get());
  shared_ = std::move(shared);  // the bytes read before are gone, as the contract has it
  after_call();
  require(!window.empty(), "there is always room to read into");
  const Bytes bytes = wire_.first(std::min(size, window.size()));
  std::copy(bytes.begin(), bytes.end(), window.begin());
  wire_ = wire_.subspan(bytes.size());
  chunk_ = bytes.size();
  fed_ += chunk_;
  session_.received(window.first(chunk_), now_, is_last);
  after_call();
  digest();
}

void SessionOwner::digest() {
  const bool outer = session_.set_digesting(true);
  while (true) {
    const Event event = session_.next();
    after_call();
    check_memory();
    if (std::holds_alternative<NeedInput>(event)) break;
    on_event(event);
  }
  (void)session_.set_digesting(outer);
}

void SessionOwner::end_input(std::error_code error) {
  if (session_.has_unread_input()) digest();
  if (!session_.wants_input()) return;
  input_ended_ = true;
  session_.read_ended(error);
  after_call();
  digest();
}

// Output.

void SessionOwner::write() {
  if (session_.phase() != net::Session::Phase::open) return;
  const bool had_backlog = session_.has_backlog();
  while (write_once()) {
  }
  (void)session_.end_of_write(had_backlog);
  after_call();
  if (rival_) session_.note_debt(nullptr, [](void*) {});
}

/// One gather write; true if the kernel has taken all of it. With a stream that does not gather,
/// as TLS, a refused record has to be offered again unchanged, and is taken as a whole.
bool SessionOwner::write_once() {
  std::array<Bytes, 32> storage;
  const std::size_t pieces = session_.gather(std::span(storage));
  if (pieces == 0) return false;
  if (std::exchange(write_fails_, false)) {
    session_.write_failed(make_error_code(std::errc::broken_pipe), now_);
    after_call();
    return false;
  }
  std::size_t offered = 0;
  for (std::size_t i = 0; i < pieces; ++i) offered += storage[i].size();
  std::size_t size = std::min(offered, room_);
  if (size < repeat_) size = 0;
  if (room_ != unlimited) room_ -= size;
  constexpr std::size_t record = 100;
  const bool is_tls = !settings_.gathers;
  repeat_ = is_tls ? std::min(offered - size, std::max(size == 0 ? repeat_ : 0, record)) : 0;
  ledger_.before_write(size);
  session_.wrote(size, repeat_, size == offered);
  ledger_.pin(repeat_);
  after_call();
  return size == offered;
}

void SessionOwner::end_turn() {
  if (!session_.over()) {
    write();
    (void)session_.take_released([this] { return now_; });  // step() goes on
    note_drained();
    session_.settle(now_);
    after_call();
  }
  if (session_.wants_shutdown()) session_.shut();
  session_.end_turn();
  shared_ = ExactCopy();
  after_call();
  check_memory();
  check_held();
}

/// A refused sender is told when the output has left, and a session that was held reads on.
void SessionOwner::note_drained() {
  const bool is_drained = session_.take_drained();
  require(!is_drained || session_.held_bytes() <= settings_.options.send_low_watermark,
          "what is drained is below the low watermark");
  drain_owed_ = drain_owed_ && !is_drained;
  if (session_.phase() != net::Session::Phase::open || session_.write_has_failed()) return;
  if (session_.unsent_bytes() > 0) return;
  require(!drain_owed_, "a sender that was refused is told when there is room");
  require(session_.wants_input() || session_.is_paused() || input_ended_, "it reads on");
}

// Time.

void SessionOwner::pass_time(TimePoint to) {
  now_ = std::max(now_, to);
  const auto deadline = session_.deadline();
  if (deadline && *deadline <= now_) tick_at_deadline();
}

/// The owner of a real session would wake up again at once for a deadline that stays in the past.
/// Three rounds are enough for a ping, the Close frame that follows it and the end.
void SessionOwner::tick_at_deadline() {
  for (int round = 0; round < 3; ++round) {
    (void)session_.tick(now_);
    after_call();
    end_turn();
    const auto deadline = session_.deadline();
    if (session_.over() || !deadline || *deadline > now_) return;
  }
  require(false, "a deadline that was ticked is in the future, or the session is over");
}

// The end.

void SessionOwner::finish() {
  room_ = unlimited;
  for (int i = 0; i < 3; ++i) {  // a client's source of mask keys may fail, but not twice
    const auto error = session_.close(CloseCode::normal, "");
    after_call();
    require(!error || error == Errc::not_open || error == Errc::no_mask_key, "it can be closed");
    end_turn();
  }
  for (int i = 0; i < 8 && !session_.over(); ++i) {
    const auto deadline = session_.deadline();
    require(deadline.has_value(), "a session that closes has a deadline");
    pass_time(*deadline);
  }
  require(session_.over(), "a closing handshake ends");
  const std::size_t lost = session_.unsent_bytes();
  require(lost == ledger_.unsent(), "what was accepted is written, dropped or lost");
  require(session_.take_end().unsent_bytes == lost, "and the end tells it");
  require(session_.send(Opcode::binary, {}) == Errc::not_open, "the end is final");
  require(session_.held_bytes() == 0, "and holds no output");
}

// Properties.

void SessionOwner::after_call() {
  ledger_.after_call();
  require(!was_over_ || session_.over(), "the end is final");
  was_over_ = session_.over();
  if (was_over_) require(!session_.wants_input() && !session_.has_backlog(), "it wants nothing");
}

void SessionOwner::check_memory() const {
  const Connection* connection = session_.protocol();
  if (connection == nullptr) return;
  const std::size_t limit = connection->options().receive.max_message_size;
  constexpr std::size_t most_inflated = 1032;  // bytes of one
  const std::size_t received = settings_.compresses ? fed_ * most_inflated : fed_;
  const std::size_t message = 2 * std::min(received, limit) + 4096;
  const std::size_t codec = settings_.compresses ? std::size_t{1} << 20 : 0;
  constexpr std::size_t control_frames = 1536;  // of either side, and the pong that is owed
  const std::size_t held = session_.memory() - connection->output().capacity();
  const std::size_t bound = message + 2 * chunk_ + control_frames;
  require(held <= bound + codec, "memory is bounded by bytes and limits");
}

void SessionOwner::check_held() const {
  constexpr std::size_t longest = 4096;  // a message that finds no unsent one may be of any size
  constexpr std::size_t control_frames = 1024;
  const std::size_t limit = std::max(settings_.options.send_hard_limit, longest);
  const std::size_t replies = 32 * chunk_;  // two bytes of a ping become an entry of the queue
  require(session_.held_bytes() <= limit + longest + control_frames + replies + granted_,
          "held bytes are bounded by the limit");
  if (rival_) rival_->check_budget(session_);
}

}  // namespace wirespan::fuzz
