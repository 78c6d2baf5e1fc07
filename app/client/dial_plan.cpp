// dial_plan.cpp - checks the options of an attempt, and decides what a redirect may take along.
// RFC 6455 §4.1, RFC 9110 §15.4.
#include <algorithm>
#include <array>
#include <utility>

#include <wirespan/app/client/connector_options.hpp>
#include <wirespan/app/client/dial_plan.hpp>
#include <wirespan/core/ascii.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/core/in_quotes.hpp>
#include <wirespan/core/redirect.hpp>

namespace wirespan {
namespace {

std::string origin_of(const Url& url) {
  return (url.secure ? "https://" : "http://") + url.authority();
}

std::chrono::milliseconds connect_time(const ConnectOptions& options) {
  if (options.connect_timeout) return *options.connect_timeout;
  const auto timeout = options.timeout ? options.timeout : getdefaulttimeout();
  return timeout && timeout->count() > 0 ? *timeout : limits::connect_time;
}

/// Names a request for `url`: a circle is the same request again, with the same cookies.
std::string visit_of(const DialPlan& plan, const Url& url) {
  std::string visit = origin_of(url) + url.resource;
  if (plan.cookies) visit.append(1, '\n').append(plan.cookies->cookies_for(url));
  return visit;
}

/// Fields of a request that say nothing about who asks: they may go to another origin.
bool may_leave_its_origin(std::string_view name) noexcept {
  constexpr std::array<std::string_view, 4> names{"User-Agent", "Accept", "Accept-Language",
                                                  "Accept-Encoding"};
  return std::any_of(names.begin(), names.end(),
                     [&](std::string_view other) { return equal_ignoring_case(name, other); });
}

/// Removes from the plan all that belongs to the origin of its URL.
void keep_secrets_back(DialPlan& plan) {
  Headers harmless;
  for (const Header& header : plan.request.headers) {
    if (may_leave_its_origin(header.name)) harmless.add(header.name, header.value);
  }
  plan.request.headers = std::move(harmless);
  plan.request.cookie.clear();
  plan.own_host = false;
  plan.tls.server_hostname.clear();
  plan.tls.certfile.clear();
  plan.tls.keyfile.clear();
  plan.tls.password.clear();
  plan.tls.certificate_pem.clear();
  plan.tls.key_pem = {};
  if (plan.tls.context != nullptr) {  // it may hold a certificate, too
    plan.tls.context = nullptr;
    plan.tls.verify = tls::Verify::required;
  }
}

std::error_code check_limits(const ConnectOptions& options, std::string& detail) {
  if (options.redirect_limit >= 0) return {};
  detail = "redirect_limit " + std::to_string(options.redirect_limit);
  return Errc::invalid_option;
}

/// Credentials that Basic cannot carry are refused, unless `header` has an Authorization instead.
std::error_code check_credentials(const Url& url, const ClientRequest& request,
                                  std::string& detail) {
  const auto credentials = url.credentials();
  if (!credentials || fits_basic(*credentials)) return {};
  if (request.headers.contains("Authorization")) return {};
  detail = "user information with a control character, or ':' in the user";
  return Errc::invalid_url;
}

/// Returns the request without what the URL's credentials and the jar add to it.
Expected<ClientRequest> make_request(const Url& url, const ConnectOptions& options,
                                     std::string& detail) {
  auto headers = options.header.collect(&detail);
  if (!headers) return headers.error();

  ClientRequest request{.host = options.host.empty() ? url.authority() : options.host,
                        .target = url.resource,
                        .connection = options.connection,
                        .cookie = options.cookie,
                        .subprotocols = options.subprotocols,
                        .require_subprotocol = options.require_subprotocol,
                        .deflate = options.compression,
                        .headers = std::move(*headers)};
  if (options.suppress_origin) {
    request.headers.remove("Origin");
  } else {
    request.origin = options.origin.value_or(origin_of(url));
  }
  if (const auto error = check_client_request(request, &detail)) return error;
  return request;
}

/// Returns the proxy for the first URL; none for a socket that is connected already.
Expected<std::optional<Proxy>> first_proxy(const ProxyChoice& choice, const Url& url,
                                           const ConnectOptions& options, std::string& detail) {
  if (options.socket >= 0) return std::optional<Proxy>();
  return choose_proxy(choice, url, detail);
}

}  // namespace

Expected<DialPlan> make_dial_plan(const std::string& url, const ConnectOptions& options,
                                  std::string& detail) {
  auto parsed = parse_url(url, &detail);
  if (!parsed) return parsed.error();
  auto request = make_request(*parsed, options, detail);
  if (!request) return request.error();
  if (const auto error = check_credentials(*parsed, *request, detail)) return error;
  if (const auto error = check_limits(options, detail)) return error;
  auto connector = connector_options(options, detail);
  if (!connector) return connector.error();
  auto proxies = read_proxy_choice(options, detail);
  if (!proxies) return proxies.error();
  auto proxy = first_proxy(*proxies, *parsed, options, detail);
  if (!proxy) return proxy.error();
  const bool follows = options.socket < 0 && options.redirect_limit > 0;
  return DialPlan{.url = std::move(*parsed),
                  .request = std::move(*request),
                  .tls = options.sslopt,
                  .connector = std::move(*connector),
                  .deadline = connect_time(options),
                  .socket = options.socket,
                  .already_secured = options.already_secured,
                  .receive_timestamps = options.receive_timestamps,
                  .proxies = std::move(*proxies),
                  .proxy = std::move(*proxy),
                  .cookies = options.cookie_jar,
                  .follows_redirects = follows,
                  .redirects_left = options.redirect_limit,
                  .allow_insecure_redirect = options.allow_insecure_redirect,
                  .own_host = !options.host.empty(),
                  .own_origin = options.suppress_origin || options.origin.has_value()};
}

std::string shown(const Url& url) {
  const std::string_view path(url.resource);
  return in_quotes(std::string(url.secure ? "wss://" : "ws://")
                       .append(url.authority())
                       .append(path.substr(0, path.find('?'))));
}

ClientRequest next_request(DialPlan& plan) {
  if (plan.follows_redirects) plan.visited.push_back(visit_of(plan, plan.url));
  ClientRequest request = plan.request;
  const auto credentials = plan.url.credentials();
  if (credentials && !request.headers.contains("Authorization")) {
    request.headers.add("Authorization", basic_authorization(*credentials));
  }
  if (plan.cookies) {
    const std::string cookies = plan.cookies->cookies_for(plan.url);
    if (!cookies.empty() && !request.cookie.empty()) request.cookie.insert(0, "; ");
    request.cookie.insert(0, cookies);
  }
  return request;
}

std::error_code follow_redirect(DialPlan& plan, const Headers& response, std::string& detail) {
  const auto location = response.get("Location");
  if (!location) {
    detail = "redirect by " + shown(plan.url) + " without Location";
    return Errc::bad_redirect;
  }
  auto url = redirect_target(plan.url, *location, &detail);
  if (!url) return url.error();
  detail = "redirect from " + shown(plan.url) + " to " + shown(*url);
  const std::string visit = visit_of(plan, *url);
  const bool is_circle =
      std::find(plan.visited.begin(), plan.visited.end(), visit) != plan.visited.end();
  if (plan.redirects_left == 0 || is_circle) return Errc::too_many_redirects;
  if (plan.url.secure && !url->secure && !plan.allow_insecure_redirect) {
    return Errc::insecure_redirect;
  }
  auto proxy = choose_proxy(plan.proxies, *url, detail);
  if (!proxy) return proxy.error();
  if (!same_origin(plan.url, *url)) keep_secrets_back(plan);
  --plan.redirects_left;
  plan.proxy = std::move(*proxy);
  plan.url = std::move(*url);
  plan.request.target = plan.url.resource;
  if (!plan.own_host) plan.request.host = plan.url.authority();
  if (!plan.own_origin) plan.request.origin = origin_of(plan.url);
  return {};
}

}  // namespace wirespan
