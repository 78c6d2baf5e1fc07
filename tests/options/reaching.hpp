// reaching.hpp - observations that the tables of RunOptions and ConnectOptions share: how a client
// reaches its server.
#pragma once

#include <string>

#include "options/life.hpp"
#include "support/environment.hpp"

namespace wirespan::test {

template <class Options>
LifeReport report_of(const Options& options, Life life = {}) {
  life.server.origins.allow_any = true;
  Options own = options;
  own.proxy_from_environment = false;
  return live(life, own);
}

template <class Options>
std::string story(const Options& options) {
  return report_of(options).story;
}

/// A field of the request; a port at its end is shown as "port".
template <class Options>
std::string field(const Options& options, const char* name) {
  const std::string value = request_field(report_of(options), name);
  const std::size_t port = value.rfind(':');
  return port == std::string::npos || port < 6 ? value : value.substr(0, port) + ":port";
}

/// The address that the first attempt goes to; the story if there was none.
template <class Options>
std::string first_peer(const Options& options) {
  Life life;
  life.path = [](int, const net::Endpoint& peer) {
    return peer.is_loopback() ? net::SimulatedPath{} : refused();
  };
  const LifeReport report = live(life, options);
  return report.peers.empty() ? report.story : report.peers.front();
}
template <class Options>
std::string first_peer_by_options(const Options& options) {
  Options own = options;
  own.proxy_from_environment = false;
  return first_peer(own);
}
template <class Options>
std::string first_peer_of_a_proxy(const Options& options) {
  Options own = options;
  own.http_proxy_host = "192.0.2.9";
  return first_peer_by_options(own);
}
template <class Options>
std::string first_peer_with_environment(const Options& options) {
  const Variable proxy("http_proxy", "http://192.0.2.8:3128");
  return first_peer(options);
}

/// Attempts are not answered: the time until the client gives up.
template <class Options>
std::string time_without_an_answer(const Options& options) {
  Life life;
  life.path = [](int, const net::Endpoint&) { return unanswered(); };
  return "given up after " + shown_time(report_of(options, life).took);
}
template <class Options>
std::string time_of_a_silent_proxy(const Options& options) {
  Options own = options;
  own.http_proxy_host = "192.0.2.9";
  return time_without_an_answer(own);
}

/// The calls of on_socket, and the story.
template <class Options>
std::string socket_calls(const Options& options) {
  int calls = 0;
  Options own = options;
  if (const auto given = options.on_socket) {
    own.on_socket = [&calls, given](int fd) {
      ++calls;
      given(fd);
    };
  }
  const std::string told = story(own);
  return std::to_string(calls) + " calls, " + told;
}

}  // namespace wirespan::test
