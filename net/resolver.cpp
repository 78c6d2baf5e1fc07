// resolver.cpp - Lookup: numeric addresses at once, names through LookupThreads.
#include <utility>

#include <wirespan/net/lookup_threads.hpp>
#include <wirespan/net/resolver.hpp>

namespace wirespan::net {

/// The shared part of a Lookup. Only the loop's thread touches it; a look-up thread merely holds a
/// share. A null handler_ means answered or cancelled.
class Lookup::Asking final : public LookupThreads::Waiter {
 public:
  explicit Asking(Handler handler) : handler_(std::move(handler)) {}

  void deliver(const Expected<std::vector<Endpoint>>& endpoints) override {
    if (const Handler call = std::exchange(handler_, nullptr)) call(endpoints);
  }

  void ask(LookupThreads& threads, EventLoop& loop, LookupThreads::Key key,
           const std::shared_ptr<Asking>& self) {
    key_ = std::move(key);
    const auto error = threads.add(key_, loop.mailbox(), self);
    if (error) return (void)loop.post([self, error] { self->deliver(error); });
    threads_ = &threads;
  }

  /// Looks the name up on a simulated thread, which only this look-up has.
  static void ask_alone(EventLoop& loop, const std::string& host, std::uint16_t port,
                        const std::shared_ptr<Asking>& self) {
    const auto error = loop.network().start_thread(
        [mailbox = loop.mailbox(), &network = loop.network(), host, port, self] {
          LookupThreads::tell(*mailbox, self, LookupThreads::look_up(network, host, port));
        });
    if (error) loop.post([self, error] { self->deliver(error); });
  }

  void cancel() noexcept {
    handler_ = nullptr;
    if (threads_ != nullptr) threads_->cancel(key_, *this);
  }

 private:
  Handler handler_;
  LookupThreads* threads_ = nullptr;  // null: not added there
  LookupThreads::Key key_;
};

Lookup::Lookup(EventLoop& loop, std::string host, std::uint16_t port, Handler handler)
    : asking_(std::make_shared<Asking>(std::move(handler))) {
  if (const auto numeric = Endpoint::from_numeric(host, port)) {
    loop.post([asking = asking_, endpoint = *numeric] {
      asking->deliver(std::vector<Endpoint>{endpoint});
    });
    return;
  }
  Network& network = loop.network();
  if (network.simulates_threads()) {
    Asking::ask_alone(loop, host, port, asking_);
    return;
  }
  asking_->ask(
      LookupThreads::shared(), loop,
      {.network = &network, .serial = network.serial(), .host = std::move(host), .port = port},
      asking_);
}

Lookup::~Lookup() { asking_->cancel(); }

}  // namespace wirespan::net
