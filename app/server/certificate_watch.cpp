// certificate_watch.cpp - the timer that looks at the files of certificates.
#include <new>

#include <wirespan/app/log.hpp>
#include <wirespan/app/server/certificate_watch.hpp>

namespace wirespan {

void CertificateWatch::start() noexcept {
  if (interval_.count() <= 0 || !tls_.is_on()) return;
  loop_.timers().schedule(*this, later(loop_.network().now(), interval_));
}

void CertificateWatch::on_timer(TimePoint now) {
  loop_.timers().schedule(*this, later(now, interval_));
  try {
    look();
  } catch (const std::bad_alloc&) {
    log(LogLevel::error, "no memory to look at the files of certificates");
  }
}

void CertificateWatch::look() {
  const std::string states = tls_.file_states();
  const bool is_stable = states == seen_;
  seen_ = states;
  if (!is_stable || states == tls_.states_read()) return;
  std::string detail;
  if (const auto error = tls_.reload(nullptr, detail)) {
    log(LogLevel::error, "the certificates stay as they are: " + detail + ": " + error.message());
  } else {
    log(LogLevel::info, "the certificates were read again: a file has changed");
  }
}

}  // namespace wirespan
