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
/// process shares; a name that never answers occupies one thread and holds up nobody else.
/// Destroying the look-up discards the answer and waits for nothing.
class Lookup {
 public:
  using Handler = std::function<void(Expected<std::vector<Endpoint>>)>;

  /// Starts. `handler` is called once, on the loop's thread, never from here; numeric addresses
  /// take the same way without a thread. The loop's Network must outlive the answer.
  Lookup(EventLoop& loop, std::string host, std::uint16_t port, Handler handler);
  ~Lookup();
  Lookup(const Lookup&) = delete;
  Lookup& operator=(const Lookup&) = delete;

 private:
  struct Answer;
  std::shared_ptr<Answer> answer_;
};

}  // namespace wirespan::net
