// pending_request.hpp - what stands behind a PendingRequest. Private.
#pragma once

#include <any>
#include <cstdint>
#include <optional>
#include <utility>

#include <wirespan/app/server/server_hub.hpp>
#include <wirespan/app/server_request.hpp>

namespace wirespan {

/// How it was answered.
struct RequestAnswer {
  Agreement agreement{};
  std::any user_data{};
  bool may_compress = true;
  std::optional<Rejection> rejection{};
};

/// The loop's side: takes the answers to requests, on the loop's thread.
class RequestPort {
 public:
  /// Nothing happens if that acceptor has gone.
  virtual void answer(std::uint64_t acceptor, RequestAnswer& answer) = 0;

 protected:
  ~RequestPort() = default;
};

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
