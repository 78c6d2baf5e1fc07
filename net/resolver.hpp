// resolver.hpp - resolves host names without blocking an event loop.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <wirespan/core/expected.hpp>
#include <wirespan/net/endpoint.hpp>
#include <wirespan/net/event_loop.hpp>

namespace wirespan::net {

/// One DNS look-up of a host name. Its owner destroys it to cancel it, at any time on the loop's
/// thread: the answer is discarded, and the destructor does not block. A look-up that has not begun
/// by then never runs.
///
/// The system's resolver (`getaddrinfo`) blocks, so it runs on a thread of a pool that the whole
/// process shares. Concurrent look-ups of one name and port share one query, so a name that never
/// answers occupies one thread and delays no other name. A forked child has a pool of its own; it
/// gets no answers to queries that its parent has begun.
class Lookup {
 public:
  /// Receives the addresses, or the error of Network::resolve() or start_thread().
  using Handler = std::function<void(Expected<std::vector<Endpoint>>)>;

  /// Starts the look-up. `handler` is called once, on the loop's thread, never from within the
  /// constructor; also for a numeric address, which needs no thread. If no thread can be started,
  /// it receives the error of Network::start_thread(). The loop's Network must outlive the look-up,
  /// also a cancelled one whose query is running.
  Lookup(EventLoop& loop, std::string host, std::uint16_t port, Handler handler);
  ~Lookup();
  Lookup(const Lookup&) = delete;
  Lookup& operator=(const Lookup&) = delete;

 private:
  class Asking;
  std::shared_ptr<Asking> asking_;
};

}  // namespace wirespan::net
