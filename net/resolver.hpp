// resolver.hpp - host names to addresses without holding up a loop.
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

/// One look-up. The system's resolver blocks, so it runs on a thread of a pool that the whole
/// process shares. All who ask for one name and port at the same time share one look-up, so a name
/// that never answers occupies one thread and delays no other name. Destroying the look-up discards
/// the answer and waits for nothing; one that has not begun never runs. A forked child has a pool
/// of its own; look-ups that its parent has begun are not answered there.
class Lookup {
 public:
  using Handler = std::function<void(Expected<std::vector<Endpoint>>)>;

  /// Starts. `handler` is called once, on the loop's thread, never from here; numeric addresses
  /// take the same way without a thread. If no thread can be started, it is called with the error
  /// of Network::start_thread(). The loop's Network must outlive the look-up, also an abandoned
  /// one.
  Lookup(EventLoop& loop, std::string host, std::uint16_t port, Handler handler);
  ~Lookup();
  Lookup(const Lookup&) = delete;
  Lookup& operator=(const Lookup&) = delete;

 private:
  class Asking;
  std::shared_ptr<Asking> asking_;
};

}  // namespace wirespan::net
