// cookie_jar.hpp - the cookies of a program's clients, in a jar that the program owns. RFC 6265 §5.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <wirespan/core/cookie.hpp>
#include <wirespan/core/headers.hpp>
#include <wirespan/core/url.hpp>

namespace wirespan {

/// Tells whether `domain` (lower case, no dot at either end) is a public suffix, one below which
/// anybody can register a name: "com", "co.uk", "github.io". Called by each thread that stores,
/// also by several at once.
using IsPublicSuffix = std::function<bool(std::string_view domain)>;

/// Keeps the cookies of servers between handshakes. A program makes a jar, and shares it between
/// clients by std::shared_ptr<CookieJar>; there is none unless it does. A jar takes what responses
/// set (store) and says what requests carry (cookies_for), by the rules of RFC 6265 that browsers
/// follow too: a cookie goes back to the host that set it, or to the domain that the host named and
/// is part of, over wss: alone if it is Secure, until it expires.
///
/// The memory of a jar is bounded by limits::cookie_size, cookies_per_domain and cookies. When a
/// limit is reached expired cookies go first, then those of the domain with too many (the ones
/// without Secure before the others), then those used longest ago.
///
/// All functions may be called by any thread at any time. `now` is a parameter for tests and for
/// programs that have a clock of their own.
class CookieJar {
 public:
  /// The clock of the default for `now`: Expires is a time of the calendar.
  using Clock = std::chrono::system_clock;

  /// Makes an empty jar. Without a function of its own it asks libpsl about public suffixes, if the
  /// library was built with it; else each domain without an inner dot is taken for one.
  explicit CookieJar(IsPublicSuffix is_public_suffix = {});
  CookieJar(const CookieJar&) = delete;
  CookieJar& operator=(const CookieJar&) = delete;

  /// Stores the cookies of all Set-Cookie fields of a response to a request for `from`. A field
  /// that breaks a rule is ignored, as RFC 6265 §5.3 asks: it names a foreign domain or a public
  /// suffix other than the host, is Secure but came over ws:, would replace a Secure cookie over
  /// ws:, or has a control character. An expired cookie removes the one that it replaces.
  void store(const Url& from, const Headers& response, WallTime now = Clock::now());

  /// Returns the value of the Cookie field for a request to `url`: "a=1; b=2", longer paths first,
  /// then older cookies. RFC 6265 §5.4. Empty if there is none; at most limits::cookie_field_size
  /// bytes, which leaves out cookies that do not fit.
  [[nodiscard]] std::string cookies_for(const Url& url, WallTime now = Clock::now());

  /// Adds cookies as `SimpleCookieJar.add` of Python does: "a=1; b=2; Domain=example.com". Several
  /// pairs may stand in front of their attributes; those without a Domain are ignored. The caller
  /// is trusted, as if the Domain itself had sent them over wss:. A Domain that is a public suffix
  /// stands for that host alone.
  void add(std::string_view set_cookie, WallTime now = Clock::now());
  /// The same, but first removes all other cookies of the domains that are named.
  void set(std::string_view set_cookie, WallTime now = Clock::now());
  /// Returns the cookies that `host` may get, whatever their path and Secure say, sorted by name:
  /// "a=1; b=2". For looking at a jar; cookies_for() is for requests.
  [[nodiscard]] std::string get(std::string_view host, WallTime now = Clock::now()) const;

  /// Returns all cookies that have not expired, oldest first, to be saved.
  [[nodiscard]] std::vector<Cookie> all(WallTime now = Clock::now()) const;
  /// Puts a saved cookie back as it is, its times included; it replaces the one of its name, domain
  /// and path. False if it was not taken: it has expired, is not is_valid_cookie(), or is for all
  /// hosts of a public suffix.
  [[nodiscard]] bool insert(Cookie cookie, WallTime now = Clock::now());

  /// Number of cookies, those included that have expired and were not removed yet.
  [[nodiscard]] std::size_t size() const;
  /// Removes all cookies.
  void clear();

 private:
  [[nodiscard]] bool admit_domain(SetCookie& set, std::string_view host) const;
  [[nodiscard]] std::vector<Cookie> from_python(std::string_view text, WallTime now) const;
  [[nodiscard]] bool would_hide_secure_cookie(const Cookie& cookie) const;
  void put(Cookie cookie, WallTime now);
  void make_room(const std::string& domain);

  const IsPublicSuffix is_public_suffix_;
  mutable std::mutex mutex_;
  std::vector<Cookie> cookies_;  // in the order of creation: the older of two equals comes first
};

}  // namespace wirespan
