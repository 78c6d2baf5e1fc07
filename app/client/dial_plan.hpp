// dial_plan.hpp - the checked input of an attempt to connect, and what a redirect makes of it.
// Private.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <wirespan/app/client/proxy_choice.hpp>
#include <wirespan/app/cookie_jar.hpp>
#include <wirespan/app/options.hpp>
#include <wirespan/core/client_handshake.hpp>
#include <wirespan/core/url.hpp>
#include <wirespan/net/connector.hpp>

namespace wirespan {

/// The checked input of one attempt. A redirect changes it: see follow_redirect().
struct DialPlan {
  Url url;
  ClientRequest request;  // without the credentials of the URL and the cookies of the jar
  tls::ClientOptions tls;
  net::ConnectorOptions connector;
  std::chrono::milliseconds deadline{};  // from the look-up of the name to the open connection
  int socket = -1;  // connected already: no look-up; owned by the dialer once that is made
  bool already_secured = false;  // no TLS on `socket`, even for wss:
  bool receive_timestamps = false;

  ProxyChoice proxies;
  std::optional<Proxy> proxy;  // for `url`; nullopt: a direct connection
  std::shared_ptr<CookieJar> cookies;
  bool follows_redirects = false;
  int redirects_left = 0;
  bool allow_insecure_redirect = false;
  bool own_host = false;               // ConnectOptions::host was given: not for another origin
  bool own_origin = false;             // Origin was given or suppressed: it does not follow the URL
  std::vector<std::string> visited{};  // requests of this attempt, to find a circle of redirects
};

/// Checks the URL and the options. Calls the header callable, if there is one; its exceptions pass
/// through. Errors are Condition::misuse; `detail` gets the name of the URL, option or header that
/// is refused.
[[nodiscard]] Expected<DialPlan> make_dial_plan(const std::string& url,
                                                const ConnectOptions& options, std::string& detail);

/// Returns the request for `plan.url` as it is sent: with the credentials of the URL (RFC 7617) and
/// the cookies of the jar. The plan remembers it, to find a circle of redirects.
[[nodiscard]] ClientRequest next_request(DialPlan& plan);

/// Returns the URL as error texts show it, without the parts that may hold a secret: user
/// information and query.
[[nodiscard]] std::string shown(const Url& url);

/// Changes the plan to the URL that a response with a status of is_redirect() names. To another
/// origin nothing goes along that may be a secret. Errors: Errc::bad_redirect, too_many_redirects,
/// insecure_redirect, invalid_proxy; `detail` then names the URL that was refused.
[[nodiscard]] std::error_code follow_redirect(DialPlan& plan, const Headers& response,
                                              std::string& detail);

}  // namespace wirespan
