// dialer_failure.cpp - how an attempt to connect tells of its failure: phase, peer and exception.
#include <utility>

#include <wirespan/app/client/dialer.hpp>
#include <wirespan/app/exceptions.hpp>
#include <wirespan/core/error.hpp>

namespace wirespan {
namespace {

std::string shown(const Proxy& proxy) {
  const bool is_ipv6 = proxy.host.find(':') != std::string::npos;
  return std::string(proxy_type_name(proxy.type))
      .append(is_ipv6 ? "://[" : "://")
      .append(proxy.host)
      .append(is_ipv6 ? "]:" : ":")
      .append(std::to_string(proxy.port));
}

bool is_proxy_error(const DialFailure& failure) noexcept {
  return failure.at_proxy && failure.error != std::errc::timed_out;
}

}  // namespace

void throw_for(const DialFailure& failure) {
  if (failure.exception) std::rethrow_exception(failure.exception);
  if (failure.error == Errc::not_switching_protocols) {
    throw WebSocketBadStatusException(
        failure.error, "handshake status " + std::to_string(failure.status) + " " + failure.reason,
        failure.status, failure.headers, failure.body);
  }
  if (is_proxy_error(failure)) {
    throw WebSocketProxyException(failure.error, failure.detail, failure.status, failure.headers);
  }
  throw_for(failure.error, failure.detail);
}

/// The text of an error names the phase, the URL, the proxy, and the address, or those that were
/// tried.
std::string Dialer::phase() const {
  const std::string to = " " + wirespan::shown(plan_.url);
  const std::string at = address_.empty() ? std::string() : " at " + address_;
  const std::string proxy = plan_.proxy ? " through the proxy " + shown(*plan_.proxy) : "";
  switch (step_) {
    case Step::resolving:
    case Step::resolving_server:
      return "resolving the host of" + to + proxy;
    case Step::securing_proxy:
      return "TLS handshake with the proxy of" + to + proxy + at;
    case Step::tunnelling:
      return "asking for a tunnel to" + to + proxy + at;
    case Step::securing:
      return "TLS handshake with" + to + proxy + at;
    case Step::asking:
    case Step::reading_body:
      return "opening handshake with" + to + proxy + at;
    case Step::connecting:
    case Step::finished:
      break;
  }
  const std::string tried = connector_ ? connector_->tried() : std::string();
  return "connecting to" + to + proxy + (tried.empty() ? "" : " at " + tried);
}

DialPhase Dialer::dial_phase() const noexcept {
  switch (step_) {
    case Step::resolving:
    case Step::resolving_server:
      return DialPhase::resolve;
    case Step::securing_proxy:
    case Step::tunnelling:
      return DialPhase::proxy;
    case Step::securing:
      return DialPhase::tls;
    case Step::asking:
    case Step::reading_body:
      return DialPhase::handshake;
    case Step::connecting:
    case Step::finished:
      break;
  }
  return DialPhase::connect;
}

bool Dialer::is_at_proxy() const noexcept { return plan_.proxy && step_ <= Step::tunnelling; }

void Dialer::fail(std::error_code error, std::string detail, std::exception_ptr exception) {
  if (step_ == Step::finished) return;
  if (detail.empty()) {
    detail = phase();
  } else if (is_at_proxy()) {
    detail = phase() + ": " + detail;
  }
  finish(DialFailure{.error = error,
                     .detail = std::move(detail),
                     .phase = dial_phase(),
                     .at_proxy = is_at_proxy(),
                     .exception = std::move(exception)});
}

/// Ends with the server's response, and the part of its body that has come.
void Dialer::fail_with_refusal() {
  HandshakeRejected& response = refusal_->response();
  finish(DialFailure{.error = Errc::not_switching_protocols,
                     .status = response.status,
                     .reason = std::move(response.reason),
                     .headers = std::move(response.headers),
                     .body = std::move(refusal_->body())});
}

}  // namespace wirespan
