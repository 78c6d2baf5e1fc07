// remote.cpp - messages of other threads: admission, one wake-up per batch, the lost bytes.
#include <algorithm>
#include <new>
#include <utility>

#include <wirespan/core/error.hpp>
#include <wirespan/net/remote.hpp>

namespace wirespan::net {
namespace {

/// Outboxes kept for the next connections that other threads send to.
constexpr std::size_t most_spare = 64;

std::size_t held_bytes(const MessageLog::Message& message) noexcept {
  return message.payload.size() + message.key.size() + MessageLog::overhead;
}

}  // namespace

Remote::Remote(std::shared_ptr<Mailbox> mailbox, const RemoteOptions& options,
               std::function<void()> drain_all)
    : options_(options), mailbox_(std::move(mailbox)), drain_all_(std::move(drain_all)) {
  spare_.reserve(most_spare);  // so that recycle() cannot fail
}

Remote::~Remote() = default;

// Any thread.

std::error_code Remote::send(RemoteAccount& account, std::uint32_t generation, std::uint32_t tag,
                             Opcode opcode, Bytes payload, Compress compress,
                             std::string_view key) {
  const std::lock_guard lock(mutex_);
  if (account.generation.load(std::memory_order_relaxed) != generation) return Errc::not_open;
  is_used_.store(true, std::memory_order_relaxed);
  Outbox& box = outbox_of(account);
  if (box.overflowed) return Errc::not_open;
  const MessageLog::Message message{
      .opcode = opcode, .compress = compress, .batch = seals_, .payload = payload, .key = key};
  const std::size_t size = held_bytes(message);
  const std::error_code refusal = admit(box, account, opcode, size);
  if (refusal && !options_.tells_refusals && !box.overflowed) return refusal;
  if (!list(box, tag)) return Errc::not_open;
  if (refusal) return refusal;
  box.waiting.push(message);
  box.held.fetch_add(size, std::memory_order_relaxed);
  box.payload.fetch_add(payload.size(), std::memory_order_relaxed);
  held_total_.fetch_add(size, std::memory_order_relaxed);
  if (options_.overflow == Overflow::drop_oldest) drop_oldest(box);
  return {};
}

/// Applies the rules of Session's own admission. The bytes that the loop has unsent are those of
/// its last set_unsent().
std::error_code Remote::admit(Outbox& box, const RemoteAccount& account, Opcode opcode,
                              std::size_t size) noexcept {
  const std::size_t limit = options_.send_hard_limit;
  const std::size_t before =
      box.held.load(std::memory_order_relaxed) + account.unsent.load(std::memory_order_relaxed);
  const std::size_t asked = is_control(opcode) ? 0 : size;
  const bool fits = before == 0 || (before <= limit && asked <= limit - before);
  const std::size_t total =
      held_total_.load(std::memory_order_relaxed) + unsent_total_.load(std::memory_order_relaxed);
  const std::size_t most = options_.total_limit;
  const bool affordable = asked <= most && (before == 0 || total <= most - asked);
  if (fits && affordable) return {};
  if (!is_control(opcode) && options_.overflow == Overflow::close) {
    box.overflowed = true;
    counts_.overflow_closed.fetch_add(1, std::memory_order_relaxed);
    return Errc::overflow_closed;
  }
  const bool makes_room = !is_control(opcode) && options_.overflow == Overflow::drop_oldest;
  const std::size_t others = total - std::min(total, box.held.load(std::memory_order_relaxed));
  if (makes_room && asked <= most && others <= most - asked) return {};
  box.owes_drain = box.owes_drain || (options_.tells_refusals && asked <= most);
  (affordable ? counts_.queue_full : counts_.budget_spent).fetch_add(1, std::memory_order_relaxed);
  return affordable ? Errc::send_queue_full : Errc::send_budget_spent;
}

/// Drops the oldest messages that the loop has not taken yet. The loop itself makes room among
/// those that it has queued.
void Remote::drop_oldest(Outbox& box) noexcept {
  const auto exceeds = [&] {
    const std::size_t total =
        held_total_.load(std::memory_order_relaxed) + unsent_total_.load(std::memory_order_relaxed);
    return box.held.load(std::memory_order_relaxed) > options_.send_hard_limit ||
           total > options_.total_limit;
  };
  while (box.waiting.size() > 1 && exceeds()) {
    uncount(box, box.waiting.front());
    box.waiting.pop();
    counts_.dropped.fetch_add(1, std::memory_order_relaxed);
  }
}

bool Remote::list(Outbox& box, std::uint32_t tag) {
  if (!box.is_listed) listed_.reserve(listed_.size() + 1);
  if (!wake_for_batch()) return false;
  if (std::exchange(box.is_listed, true)) return true;
  listed_.push_back(tag);
  listed_count_.store(listed_.size(), std::memory_order_relaxed);
  return true;
}

/// Posts one task per batch; messages that follow before it runs need no further wake-up.
bool Remote::wake_for_batch() {
  if (is_posted_ && posted_for_ == seals_) return true;
  const bool posted = mailbox_->post([this, batch = seals_] {
    batch_has_come(batch);
    drain_all_();
  });
  if (!posted) return false;
  is_posted_ = true;
  posted_for_ = seals_;
  return true;
}

void Remote::batch_has_come(std::uint32_t batch) noexcept {
  const std::lock_guard lock(mutex_);
  if (posted_for_ == batch) is_posted_ = false;
}

Outbox& Remote::outbox_of(RemoteAccount& account) {
  if (Outbox* box = account.outbox.load(std::memory_order_relaxed)) return *box;
  std::unique_ptr<Outbox> box;
  if (spare_.empty()) {
    box = std::make_unique<Outbox>();
  } else {
    box = std::move(spare_.back());
    spare_.pop_back();
  }
  account.outbox.store(box.get(), std::memory_order_release);
  return *box.release();
}

bool Remote::reserve_room(std::size_t size) noexcept {
  const std::size_t before = tasks_held_.fetch_add(size, std::memory_order_relaxed);
  const std::size_t limit = options_.task_limit;
  if (before == 0 || (before <= limit && size <= limit - before)) return true;
  give_back_room(size);
  return false;
}

// The loop's thread.

std::vector<std::uint32_t> Remote::take_listed() noexcept {
  const std::lock_guard lock(mutex_);
  listed_count_.store(0, std::memory_order_relaxed);
  return std::exchange(listed_, std::vector<std::uint32_t>());
}

void Remote::keep_memory_of(std::vector<std::uint32_t> tags) noexcept {
  tags.clear();
  const std::lock_guard lock(mutex_);
  if (listed_.empty() && tags.capacity() > listed_.capacity()) listed_.swap(tags);
}

bool Remote::is_due(std::uint32_t batch) const noexcept {
  return static_cast<std::int32_t>(batch - seals_run_) <= 0;
}

Remote::Notes Remote::take_due(Outbox& box, std::uint32_t tag, Look look) noexcept {
  const std::lock_guard lock(mutex_);
  if (look == Look::last) {
    if (!box.waiting.empty()) box.waiting.swap(box.taken);
  } else {
    take_those_due(box);
  }
  if (look == Look::listed) relist(box, tag);
  const bool overflowed = box.overflowed && !std::exchange(box.overflow_told, true);
  return {.refused = std::exchange(box.owes_drain, false), .overflowed = overflowed};
}

/// Lists the outbox again if messages are left in it. Without memory for that, they wait for the
/// next message or for the end of the connection.
void Remote::relist(Outbox& box, std::uint32_t tag) noexcept {
  box.is_listed = false;
  if (box.waiting.empty()) return;
  try {
    listed_.push_back(tag);
    box.is_listed = true;
    listed_count_.store(listed_.size(), std::memory_order_relaxed);
  } catch (const std::bad_alloc&) {
    return;
  }
}

/// Moves the due messages to `taken`: all, or those before the first task that has not run yet.
void Remote::take_those_due(Outbox& box) noexcept {
  if (box.waiting.empty()) return;
  if (is_due(box.waiting.last_batch())) return box.waiting.swap(box.taken);
  try {
    for (; is_due(box.waiting.front().batch); box.waiting.pop()) {
      box.taken.push(box.waiting.front());
    }
  } catch (const std::bad_alloc&) {
    return;  // the messages not copied yet stay in their order
  }
}

void Remote::finish(Outbox& box, const MessageLog::Message& message,
                    std::error_code error) noexcept {
  if (error) box.lost += message.payload.size();
  uncount(box, message);
  box.taken.pop();
}

void Remote::uncount(Outbox& box, const MessageLog::Message& message) noexcept {
  const std::size_t held = held_bytes(message);
  box.payload.fetch_sub(message.payload.size(), std::memory_order_relaxed);
  box.held.fetch_sub(held, std::memory_order_relaxed);
  held_total_.fetch_sub(held, std::memory_order_relaxed);
}

std::size_t Remote::close_account(RemoteAccount& account) noexcept {
  const std::lock_guard lock(mutex_);
  account.generation.fetch_add(1, std::memory_order_release);
  Outbox* box = account.outbox.exchange(nullptr, std::memory_order_acq_rel);
  if (box == nullptr) return 0;
  const std::size_t lost = box->lost + box->payload.load(std::memory_order_relaxed);
  held_total_.fetch_sub(box->held.load(std::memory_order_relaxed), std::memory_order_relaxed);
  box->is_orphan = true;
  if (!box->is_draining) recycle(box);
  return lost;
}

void Remote::settle(RemoteAccount& account, Outbox* box) noexcept {
  const std::lock_guard lock(mutex_);
  if (box->is_orphan) return recycle(box);
  const bool is_needed = !box->waiting.empty() || box->is_listed || box->owes_drain ||
                         box->overflowed || box->lost > 0;
  if (is_needed) return;
  account.outbox.store(nullptr, std::memory_order_relaxed);
  recycle(box);
}

void Remote::recycle(Outbox* box) noexcept {
  std::unique_ptr<Outbox> owned(box);
  owned->reset();
  if (spare_.size() < most_spare) spare_.push_back(std::move(owned));
}

}  // namespace wirespan::net
