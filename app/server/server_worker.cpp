// server_worker.cpp - turns of one loop of a server, and the end of them.
#include <exception>
#include <utility>

#include <wirespan/app/log.hpp>
#include <wirespan/app/server/server_worker.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/core/time.hpp>

namespace wirespan {

ServerWorker::ServerWorker(ServerShared& shared, unsigned index)
    : loop_({.backend = shared.options.backend,
             .network = shared.options.network,
             .busy_poll = bounded_busy_poll(shared.options.busy_poll)}),
      hub_(make_hub(loop_.mailbox(), index,
                    {.send_hard_limit = shared.options.send_hard_limit,
                     .total_limit = shared.options.loop_send_budget,
                     .task_limit = shared.options.publish_queue_limit,
                     .overflow = shared.options.overflow})),
      connections_(shared, loop_, *hub_, counters_),
      front_(shared, loop_, *hub_, counters_, connections_),
      stopping_(loop_, connections_, shared.options.close_time) {}

ServerWorker::~ServerWorker() { hub_->end_serving(); }

bool ServerWorker::is_over() const noexcept {
  return stopping_.has_begun() && connections_.open_count() == 0 && front_.is_idle();
}

bool ServerWorker::turn(std::optional<std::chrono::nanoseconds> timeout) noexcept {
  if (is_over()) return false;
  try {
    loop_.run_once(timeout);
  } catch (const std::exception& failure) {
    log(LogLevel::error, failure.what());
  } catch (...) {
    log(LogLevel::error, "an exception that is no std::exception has left a loop of the server");
  }
  const TimePoint now = loop_.network().now();
  counters_.lag.note(now, now - loop_.now());
  return !is_over();
}

void ServerWorker::begin_stop(std::shared_ptr<const StopOptions> options) noexcept {
  front_.stop();
  stopping_.begin(std::move(options));
}

void ServerWorker::abort_all() noexcept {
  front_.stop();
  if (connections_.open_count() == 0) return;
  begin_serving();
  connections_.abort_all(Errc::connection_closed);
}

}  // namespace wirespan
