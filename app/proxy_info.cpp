// proxy_info.cpp - get_proxy_info(): the choice of a dialer, as a question.
#include <wirespan/app/client/proxy_choice.hpp>
#include <wirespan/app/exceptions.hpp>
#include <wirespan/app/proxy_info.hpp>
#include <wirespan/core/url.hpp>

namespace wirespan {

std::optional<Proxy> get_proxy_info(const std::string& url, const ConnectOptions& options) {
  std::string detail;
  const auto parsed = parse_url(url, &detail);
  if (!parsed) throw_for(parsed.error(), detail);
  const auto choice = read_proxy_choice(options, detail);
  if (!choice) throw_for(choice.error(), detail);
  auto proxy = choose_proxy(*choice, *parsed, detail);
  if (!proxy) throw_for(proxy.error(), detail);
  return *std::move(proxy);
}

}  // namespace wirespan
