// pending_request.hpp - the state behind a PendingRequest, and its answer. Private.
#pragma once

#include <any>
#include <cstdint>
#include <optional>
#include <utility>

#include <wirespan/app/server/server_hub.hpp>
#include <wirespan/app/server_request.hpp>

namespace wirespan {

/// The application's answer: the rejection if there is one, else 101 with the rest.
struct RequestAnswer {
  Agreement agreement{};
  std::any user_data{};
  bool may_compress = true;
  std::optional<Rejection> rejection{};
};

/// The loop's side of PendingRequest: takes the answers to requests, on the loop's thread.
class RequestPort {
 public:
  /// Answers the request of the acceptor with that id; does nothing if the acceptor has ended.
  virtual void answer(std::uint64_t acceptor, RequestAnswer& answer) = 0;

 protected:
  ~RequestPort() = default;
};

/// A request that is not answered yet. It owns a share of the hub, so it may outlive the loop; the
/// answer then does nothing.
class PendingRequest::State {
 public:
  State(ServerHub& owner, std::uint64_t waiting, ServerRequest asked)
      : hub(&owner), acceptor(waiting), request(std::move(asked)) {
    hub->add_owner();
  }
  ~State() { hub->remove_owner(); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  ServerHub* hub;
  std::uint64_t acceptor;
  ServerRequest request;
  bool may_compress = true;
};

}  // namespace wirespan
