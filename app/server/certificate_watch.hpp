// certificate_watch.hpp - reads the certificates of a server again when their files change.
// Private.
#pragma once

#include <chrono>
#include <string>

#include <wirespan/app/server/server_tls.hpp>
#include <wirespan/core/time.hpp>
#include <wirespan/net/event_loop.hpp>

namespace wirespan {

/// Looks at the files of a server's certificates, once in every interval. They are read when they
/// have changed and have then stayed the same for one interval: whoever replaces a certificate and
/// its key writes two files. An error is logged, and the next change waited for. ServerImpl owns
/// it; the thread of that loop only.
class CertificateWatch final : private net::Timer {
 public:
  /// `interval` 0 and below, or a server without TLS: nothing is looked at.
  CertificateWatch(net::EventLoop& loop, ServerTls& tls,
                   std::chrono::milliseconds interval) noexcept
      : loop_(loop), tls_(tls), interval_(interval) {}

  /// Begins, once.
  void start() noexcept;

 private:
  void on_timer(TimePoint now) override;
  void look();

  net::EventLoop& loop_;
  ServerTls& tls_;
  std::chrono::milliseconds interval_;
  std::string seen_;  // the state of the files when they were looked at last
};

}  // namespace wirespan
