// session_cache.cpp - SessionCache: two short lists under a mutex, the latest entry in front.
#include <algorithm>
#include <iterator>
#include <list>
#include <mutex>
#include <utility>

#include <wirespan/tls/session_cache.hpp>

namespace wirespan::tls {

struct SessionCache::Impl {
  struct KeptContext {
    std::string fingerprint;
    std::shared_ptr<const Context> context;
  };
  struct KeptSession {
    std::string key;
    Session session;
  };

  explicit Impl(std::size_t most_sessions) : most(most_sessions) {}

  const std::size_t most;
  std::mutex mutex;  // guards the lists
  std::list<KeptContext> contexts;
  std::list<KeptSession> sessions;
};

SessionCache::SessionCache(std::size_t most_sessions)
    : impl_(std::make_unique<Impl>(most_sessions)) {}
SessionCache::~SessionCache() = default;

std::size_t SessionCache::size() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->sessions.size();
}

void SessionCache::clear() {
  std::list<Impl::KeptContext> contexts;  // freed behind the lock
  std::list<Impl::KeptSession> sessions;
  const std::lock_guard lock(impl_->mutex);
  contexts.swap(impl_->contexts);
  sessions.swap(impl_->sessions);
}

std::shared_ptr<const Context> SessionCache::context_of(const std::string& fingerprint) {
  const std::lock_guard lock(impl_->mutex);
  auto& contexts = impl_->contexts;
  const auto found = std::find_if(contexts.begin(), contexts.end(), [&](const auto& kept) {
    return kept.fingerprint == fingerprint;
  });
  if (found == contexts.end()) return nullptr;
  contexts.splice(contexts.begin(), contexts, found);
  return found->context;
}

void SessionCache::keep_context(const std::string& fingerprint, const Context& context) {
  std::list<Impl::KeptContext> fresh;
  fresh.push_back({fingerprint, std::make_shared<const Context>(context)});
  const std::lock_guard lock(impl_->mutex);
  auto& contexts = impl_->contexts;
  contexts.remove_if([&](const auto& kept) { return kept.fingerprint == fingerprint; });
  contexts.splice(contexts.begin(), fresh);
  if (contexts.size() > limits::tls_contexts) contexts.pop_back();
}

SessionCache::Session SessionCache::take(const std::string& key) {
  const std::lock_guard lock(impl_->mutex);
  auto& sessions = impl_->sessions;
  const auto found = std::find_if(sessions.begin(), sessions.end(),
                                  [&](const auto& kept) { return kept.key == key; });
  if (found == sessions.end()) return nullptr;
  Session session = std::move(found->session);
  sessions.erase(found);
  return session;
}

void SessionCache::keep(const std::string& key, Session session) {
  std::list<Impl::KeptSession> fresh;
  fresh.push_back({key, std::move(session)});
  const std::lock_guard lock(impl_->mutex);
  auto& sessions = impl_->sessions;
  sessions.splice(sessions.begin(), fresh);
  std::size_t of_server = 0;
  std::erase_if(sessions, [&](const auto& kept) {
    return kept.key == key && ++of_server > limits::tls_sessions_per_server;
  });
  if (sessions.size() > impl_->most) sessions.pop_back();
}

}  // namespace wirespan::tls
