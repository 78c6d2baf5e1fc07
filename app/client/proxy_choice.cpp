// proxy_choice.cpp - which proxy a connection takes: options, then the environment's variables.
#include <cstdlib>
#include <string_view>
#include <utility>

#include <wirespan/app/client/proxy_choice.hpp>
#include <wirespan/core/ascii.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/core/in_quotes.hpp>
#include <wirespan/core/time.hpp>

namespace wirespan {
namespace {

/// The value of a variable by its lower-case name, else by its upper-case one. A lower-case
/// variable that is empty hides the other one.
std::string variable(const char* lower, const char* upper) {
  const char* value = std::getenv(lower);
  if (value == nullptr) value = std::getenv(upper);
  return value != nullptr ? std::string(trim(value)) : std::string();
}

bool is_set(const char* lower, const char* upper) noexcept {
  return std::getenv(lower) != nullptr || std::getenv(upper) != nullptr;
}

void read_environment(ProxyChoice& choice) {
  const std::string all = variable("all_proxy", "ALL_PROXY");
  choice.for_ws = is_set("http_proxy", "HTTP_PROXY") ? variable("http_proxy", "HTTP_PROXY") : all;
  choice.for_wss =
      is_set("https_proxy", "HTTPS_PROXY") ? variable("https_proxy", "HTTPS_PROXY") : all;
  if (choice.no_proxy.empty()) choice.no_proxy = variable("no_proxy", "NO_PROXY");
}

Expected<std::optional<Proxy>> proxy_of_options(const ConnectOptions& options,
                                                std::string& detail) {
  if (!options.proxy.empty()) {
    auto proxy = parse_proxy_url(options.proxy, &detail);
    if (!proxy) return proxy.error();
    return std::optional(std::move(*proxy));
  }
  if (options.http_proxy_host.empty()) return std::optional<Proxy>();
  const auto type = proxy_type_of(options.proxy_type);
  if (!type) {
    detail = "proxy_type " + in_quotes(options.proxy_type);
    return make_error_code(Errc::invalid_proxy);
  }
  const std::uint16_t port =
      options.http_proxy_port != 0 ? options.http_proxy_port : default_proxy_port(*type);
  return std::optional(Proxy{.type = *type,
                             .host = options.http_proxy_host,
                             .port = port,
                             .credentials = options.http_proxy_auth});
}

std::string joined_list(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ",") + part;
  return text;
}

}  // namespace

Expected<ProxyChoice> read_proxy_choice(const ConnectOptions& options, std::string& detail) {
  auto given = proxy_of_options(options, detail);
  if (!given) return given.error();
  if (*given) {
    if (const auto error = check_proxy(**given, &detail)) return error;
  }
  ProxyChoice choice{.given = std::move(*given),
                     .for_ws = {},
                     .for_wss = {},
                     .no_proxy = joined_list(options.http_no_proxy),
                     .sslopt = options.proxy_sslopt};
  if (options.http_proxy_timeout) {
    if (options.http_proxy_timeout->count() <= 0) {
      detail = "http_proxy_timeout";
      return make_error_code(Errc::invalid_option);
    }
    choice.deadline = bounded(*options.http_proxy_timeout);
  }
  if (options.proxy_from_environment) read_environment(choice);
  return choice;
}

Expected<std::optional<Proxy>> choose_proxy(const ProxyChoice& choice, const Url& url,
                                            std::string& detail) {
  std::optional<Proxy> proxy = choice.given;
  if (!url.unix_path.empty()) return std::optional<Proxy>();
  if (bypasses_proxy(choice.no_proxy, url.host, url.port)) return std::optional<Proxy>();
  if (proxy) return proxy;
  const std::string& text = url.secure ? choice.for_wss : choice.for_ws;
  if (text.empty()) return std::optional<Proxy>();
  auto parsed = parse_proxy_url(text, &detail);
  if (!parsed) {
    detail =
        (url.secure ? "environment variable https_proxy: " : "environment variable http_proxy: ") +
        detail;
    return parsed.error();
  }
  return std::optional(std::move(*parsed));
}

}  // namespace wirespan
