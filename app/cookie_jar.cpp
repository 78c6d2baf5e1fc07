// cookie_jar.cpp - stores cookies, evicts them, and chooses those of a request. RFC 6265 §5.3,
// §5.4.
#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include <wirespan/app/common/public_suffix.hpp>
#include <wirespan/app/cookie_jar.hpp>
#include <wirespan/core/ascii.hpp>
#include <wirespan/core/limits.hpp>

namespace wirespan {
namespace {

/// RFC 6265 §5.3 compares name, domain and path. RFC 6265bis adds host_only, so that a sub-domain
/// cannot replace a cookie that its parent keeps to itself.
bool is_same_cookie(const Cookie& a, const Cookie& b) noexcept {
  return a.host_only == b.host_only && a.name == b.name && a.domain == b.domain && a.path == b.path;
}

void append_pair(std::string& text, const Cookie& cookie) {
  if (!text.empty()) text += "; ";
  text.append(cookie.name).append("=").append(cookie.value);
}

bool is_attribute_name(std::string_view name) noexcept {
  constexpr std::array<std::string_view, 11> names{"comment",  "domain",      "expires", "httponly",
                                                   "max-age",  "partitioned", "path",    "priority",
                                                   "samesite", "secure",      "version"};
  return std::any_of(names.begin(), names.end(),
                     [&](std::string_view other) { return equal_ignoring_case(name, other); });
}

/// Pairs, and the attributes behind them that are theirs.
struct CookieGroup {
  std::vector<std::string_view> pairs;
  std::string attributes;
};

/// Splits "a=1; b=2; Domain=x; c=3; Domain=y" into {a, b; x} and {c; y}.
std::vector<CookieGroup> split_groups(std::string_view text) {
  std::vector<CookieGroup> groups;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(';'), text.size());
    const std::string_view part = trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (part.empty()) continue;
    if (!is_attribute_name(trim(part.substr(0, part.find('='))))) {
      if (groups.empty() || !groups.back().attributes.empty()) groups.emplace_back();
      groups.back().pairs.push_back(part);
    } else if (!groups.empty()) {
      groups.back().attributes.append("; ").append(part);
    }
  }
  return groups;
}

}  // namespace

CookieJar::CookieJar(IsPublicSuffix is_public_suffix)
    : is_public_suffix_(is_public_suffix ? std::move(is_public_suffix)
                                         : IsPublicSuffix(wirespan::is_public_suffix)) {}

/// Drops a Domain that is a public suffix if it is the host itself: the cookie is then for that
/// host alone. False for one that is not the host. §5.3, step 5.
bool CookieJar::admit_domain(SetCookie& set, std::string_view host) const {
  // Only a Domain that matches is looked up: the list never sees other texts of a peer.
  if (set.domain.empty() || !domain_matches(host, set.domain)) return set.domain.empty();
  if (!is_public_suffix_(set.domain)) return true;
  if (set.domain != host) return false;
  set.domain.clear();
  return true;
}

void CookieJar::store(const Url& from, const Headers& response, WallTime now) {
  const std::string host = canonical_host(from.host);
  std::vector<Cookie> cookies;
  for (const std::string_view field : response.get_all("Set-Cookie")) {
    auto set = parse_set_cookie(field);
    if (!set || !admit_domain(*set, host)) continue;
    if (auto cookie = make_cookie(*set, from, now)) cookies.push_back(std::move(*cookie));
  }
  const std::lock_guard lock(mutex_);
  for (Cookie& cookie : cookies) {
    if (from.secure || !would_hide_secure_cookie(cookie)) put(std::move(cookie), now);
  }
}

/// A cookie that came over ws: must not replace a Secure one, nor be sent in front of it.
/// RFC 6265bis §5.7.
bool CookieJar::would_hide_secure_cookie(const Cookie& cookie) const {
  return std::any_of(cookies_.begin(), cookies_.end(), [&](const Cookie& other) {
    return other.secure && other.name == cookie.name &&
           (domain_matches(other.domain, cookie.domain) ||
            domain_matches(cookie.domain, other.domain)) &&
           path_matches(cookie.path, other.path);
  });
}

/// Adds the cookie or replaces the one that it equals, whose time of creation stays. Requires the
/// lock.
void CookieJar::put(Cookie cookie, WallTime now) {
  std::erase_if(cookies_, [&](const Cookie& other) { return other.is_expired(now); });
  const auto same = std::find_if(cookies_.begin(), cookies_.end(), [&](const Cookie& other) {
    return is_same_cookie(other, cookie);
  });
  if (cookie.is_expired(now)) {
    if (same != cookies_.end()) cookies_.erase(same);
    return;
  }
  if (same != cookies_.end()) {
    cookie.created = same->created;
    *same = std::move(cookie);
    return;
  }
  const std::string domain = cookie.domain;
  cookies_.push_back(std::move(cookie));
  make_room(domain);
}

/// Evicts one cookie if the domain that was added to, or the jar, has too many. §5.3, step 12.
void CookieJar::make_room(const std::string& domain) {
  const auto is_of_domain = [&](const Cookie& cookie) { return cookie.domain == domain; };
  const auto of_domain = std::count_if(cookies_.begin(), cookies_.end(), is_of_domain);
  const bool domain_full = static_cast<std::size_t>(of_domain) > limits::cookies_per_domain;
  if (!domain_full && cookies_.size() <= limits::cookies) return;

  // The smallest rank goes. RFC 6265bis §5.7 spares Secure cookies within a domain: a server on ws:
  // cannot push them out.
  const auto rank = [&](const Cookie& cookie) {
    return std::tuple(domain_full && !is_of_domain(cookie), domain_full && cookie.secure,
                      cookie.last_used);
  };
  cookies_.erase(
      std::min_element(cookies_.begin(), cookies_.end(),
                       [&](const Cookie& a, const Cookie& b) { return rank(a) < rank(b); }));
}

std::string CookieJar::cookies_for(const Url& url, WallTime now) {
  const std::lock_guard lock(mutex_);
  std::vector<Cookie*> chosen;
  for (Cookie& cookie : cookies_) {
    if (!cookie.is_expired(now) && belongs_to(cookie, url)) chosen.push_back(&cookie);
  }
  std::stable_sort(chosen.begin(), chosen.end(), [](const Cookie* a, const Cookie* b) {
    return std::tuple(b->path.size(), a->created) < std::tuple(a->path.size(), b->created);
  });
  std::string text;
  for (Cookie* cookie : chosen) {
    const std::size_t size = cookie->name.size() + cookie->value.size() + 3;  // "; " and "="
    if (text.size() + size > limits::cookie_field_size) continue;
    append_pair(text, *cookie);
    cookie->last_used = now;
  }
  return text;
}

/// Returns the cookies that add() and set() take from their text.
std::vector<Cookie> CookieJar::from_python(std::string_view text, WallTime now) const {
  std::vector<Cookie> cookies;
  for (const auto& [pairs, attributes] : split_groups(text)) {
    auto set = parse_set_cookie("a=b" + attributes);
    if (!set || set->domain.empty()) continue;
    const Url from{.secure = true, .host = set->domain, .resource = "/", .userinfo = {}};
    if (!admit_domain(*set, canonical_host(from.host))) continue;
    for (const std::string_view pair : pairs) {
      auto named = parse_set_cookie(pair);
      if (!named) continue;
      set->name = std::move(named->name);
      set->value = std::move(named->value);
      if (auto cookie = make_cookie(*set, from, now)) cookies.push_back(std::move(*cookie));
    }
  }
  return cookies;
}

void CookieJar::add(std::string_view set_cookie, WallTime now) {
  std::vector<Cookie> cookies = from_python(set_cookie, now);
  const std::lock_guard lock(mutex_);
  for (Cookie& cookie : cookies) put(std::move(cookie), now);
}

void CookieJar::set(std::string_view set_cookie, WallTime now) {
  std::vector<Cookie> cookies = from_python(set_cookie, now);
  const std::lock_guard lock(mutex_);
  std::erase_if(cookies_, [&](const Cookie& old) {
    return std::any_of(cookies.begin(), cookies.end(),
                       [&](const Cookie& cookie) { return cookie.domain == old.domain; });
  });
  for (Cookie& cookie : cookies) put(std::move(cookie), now);
}

std::string CookieJar::get(std::string_view host, WallTime now) const {
  const std::string canonical = canonical_host(host);
  const std::lock_guard lock(mutex_);
  std::vector<const Cookie*> chosen;
  for (const Cookie& cookie : cookies_) {
    if (is_for_host(cookie, canonical) && !cookie.is_expired(now)) chosen.push_back(&cookie);
  }
  std::stable_sort(chosen.begin(), chosen.end(), [](const Cookie* a, const Cookie* b) {
    return std::tie(a->name, a->value) < std::tie(b->name, b->value);
  });
  std::string text;
  for (const Cookie* cookie : chosen) append_pair(text, *cookie);
  return text;
}

std::vector<Cookie> CookieJar::all(WallTime now) const {
  const std::lock_guard lock(mutex_);
  std::vector<Cookie> cookies;
  cookies.reserve(cookies_.size());
  std::copy_if(cookies_.begin(), cookies_.end(), std::back_inserter(cookies),
               [&](const Cookie& cookie) { return !cookie.is_expired(now); });
  return cookies;
}

bool CookieJar::insert(Cookie cookie, WallTime now) {
  if (cookie.is_expired(now) || !is_valid_cookie(cookie)) return false;
  if (!cookie.host_only && is_public_suffix_(cookie.domain)) return false;
  const std::lock_guard lock(mutex_);
  std::erase_if(cookies_, [&](const Cookie& other) { return is_same_cookie(other, cookie); });
  put(std::move(cookie), now);
  return true;
}

std::size_t CookieJar::size() const {
  const std::lock_guard lock(mutex_);
  return cookies_.size();
}

void CookieJar::clear() {
  const std::lock_guard lock(mutex_);
  cookies_.clear();
}

}  // namespace wirespan
