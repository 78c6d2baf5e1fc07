// pending_request.cpp - the application's answer to a request, sent to its loop by any thread.
#include <memory>
#include <utility>

#include <wirespan/app/server/pending_request.hpp>

namespace wirespan {
namespace {

/// Passes the answer to the loop's RequestPort: directly on the loop's thread, as a task from
/// others.
void send_answer(ServerHub& hub, std::uint64_t acceptor, RequestAnswer answer) {
  if (hub.on_loop_thread()) return hub.requests()->answer(acceptor, answer);
  const auto shared = std::make_shared<RequestAnswer>(std::move(answer));
  hub.post([owner = share_of(hub), acceptor, shared] {
    if (RequestPort* port = owner->requests()) port->answer(acceptor, *shared);
  });
}

}  // namespace

PendingRequest::PendingRequest(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
PendingRequest::PendingRequest(PendingRequest&& other) noexcept = default;
PendingRequest& PendingRequest::operator=(PendingRequest&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}

PendingRequest::~PendingRequest() {
  if (state_) reject({.status = 500, .body = "internal error\n"});
}

const ServerRequest& PendingRequest::request() const noexcept { return state_->request; }

void PendingRequest::without_compression() noexcept { state_->may_compress = false; }

void PendingRequest::accept(Agreement agreement, std::any user_data) {
  if (const auto state = std::move(state_)) {
    send_answer(*state->hub, state->acceptor,
                RequestAnswer{.agreement = std::move(agreement),
                              .user_data = std::move(user_data),
                              .may_compress = state->may_compress});
  }
}

void PendingRequest::reject(Rejection rejection) {
  if (const auto state = std::move(state_)) {
    send_answer(*state->hub, state->acceptor, RequestAnswer{.rejection = std::move(rejection)});
  }
}

}  // namespace wirespan
