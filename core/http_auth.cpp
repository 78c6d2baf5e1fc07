// http_auth.cpp - parses challenges and answers them with Basic or Digest. RFC 9110 §11, RFC 7617,
// RFC 7616.
#include <algorithm>
#include <array>
#include <initializer_list>

#include <wirespan/core/ascii.hpp>
#include <wirespan/core/base64.hpp>
#include <wirespan/core/bytes.hpp>
#include <wirespan/core/headers.hpp>
#include <wirespan/core/http_auth.hpp>
#include <wirespan/core/limits.hpp>

namespace wirespan {
namespace {

bool has_control(std::string_view text) noexcept {
  return std::any_of(text.begin(), text.end(), is_control_char);
}

bool is_token68_char(char c) noexcept {
  return is_alpha(c) || is_digit(c) || std::string_view("-._~+/").find(c) != std::string_view::npos;
}

/// Scans one field value once, from left to right. RFC 9110 §11.3.
class ChallengeScanner {
 public:
  ChallengeScanner(std::string_view text, std::size_t& elements,
                   std::vector<AuthChallenge>& challenges) noexcept
      : rest_(text), elements_(elements), challenges_(challenges) {}

  void scan() {
    while (!rest_.empty() && elements_ < limits::auth_elements) {
      skip_blanks();
      if (take(',')) continue;  // RFC 9110 §5.6.1: empty elements are ignored
      if (!scan_element()) skip_element();
    }
  }

 private:
  /// Removes a parameter, or a scheme with the data behind it. False if this is neither.
  bool scan_element() {
    const std::string_view name = take_while(is_token_char);
    if (name.empty()) return false;
    const bool blank_follows = skip_blanks();
    if (take('=')) return scan_value(name);
    if (!blank_follows && !at_element_end()) return false;
    ++elements_;
    challenges_.push_back({.scheme = std::string(name)});
    has_scheme_ = true;
    return at_element_end() || take_token68() || scan_first_parameter();
  }

  /// Removes the first parameter of a challenge, which no comma separates from its scheme.
  bool scan_first_parameter() {
    const std::string_view name = take_while(is_token_char);
    skip_blanks();
    return !name.empty() && take('=') && scan_value(name);
  }

  bool scan_value(std::string_view name) {
    skip_blanks();
    auto value = take('"') ? take_quoted_rest() : std::string(take_while(is_token_char));
    skip_blanks();
    const bool well_formed = value && at_element_end() && has_scheme_;
    if (!well_formed || elements_ == limits::auth_elements) return false;
    ++elements_;
    challenges_.back().parameters.emplace_back(std::string(name), std::move(*value));
    return true;
  }

  /// Removes token68 data, if a comma or the end of the text follows it: otherwise it is the name
  /// of a parameter.
  bool take_token68() {
    const std::string_view before = rest_;
    const std::size_t size = take_while(is_token68_char).size();
    const std::size_t padding = take_while([](char c) { return c == '='; }).size();
    skip_blanks();
    if (size > 0 && at_element_end()) {
      challenges_.back().token68 = before.substr(0, size + padding);
      return true;
    }
    rest_ = before;
    return false;
  }

  /// Skips to the comma behind a malformed element, which may hold quoted strings.
  void skip_element() {
    while (!at_element_end()) {
      if (take('"')) {
        (void)take_quoted_rest();
      } else {
        rest_.remove_prefix(1);
      }
    }
  }

  /// Removes the rest of a quoted string, behind its opening quote; nothing if it does not end.
  std::optional<std::string> take_quoted_rest() {
    std::string value;
    while (!rest_.empty()) {
      char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') return value;
      if (c == '\\') {
        if (rest_.empty()) return std::nullopt;
        c = rest_.front();
        rest_.remove_prefix(1);
      }
      value.push_back(c);
    }
    return std::nullopt;
  }

  bool take(char c) noexcept {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  template <class Predicate>
  std::string_view take_while(Predicate predicate) noexcept {
    const auto end = std::find_if_not(rest_.begin(), rest_.end(), predicate);
    const auto taken = rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
    rest_.remove_prefix(taken.size());
    return taken;
  }

  /// True if there were blanks.
  bool skip_blanks() noexcept {
    const std::size_t count = std::min(rest_.find_first_not_of(" \t"), rest_.size());
    rest_.remove_prefix(count);
    return count > 0;
  }

  [[nodiscard]] bool at_element_end() const noexcept {
    return rest_.empty() || rest_.front() == ',';
  }

  std::string_view rest_;
  std::size_t& elements_;
  std::vector<AuthChallenge>& challenges_;
  bool has_scheme_ = false;  // a parameter of this field has a challenge to belong to
};

// The answer to one challenge of Digest. RFC 7616 §3.4.

struct DigestAlgorithm {
  std::string_view name;
  HashAlgorithm hash;
  bool session;  // A1 holds the nonces: the "-sess" variants
};

/// In order of preference. RFC 7616 §6.1.
constexpr std::array<DigestAlgorithm, 4> digest_algorithms{
    {{"SHA-256", HashAlgorithm::sha256, false},
     {"SHA-256-sess", HashAlgorithm::sha256, true},
     {"MD5", HashAlgorithm::md5, false},
     {"MD5-sess", HashAlgorithm::md5, true}}};

std::string_view value_of(const AuthChallenge& challenge, std::string_view name,
                          std::string_view otherwise = {}) noexcept {
  const std::string* value = challenge.find(name);
  return value == nullptr ? otherwise : std::string_view(*value);
}

bool lists(std::string_view list, std::string_view token) noexcept {
  while (const auto element = next_list_element(list)) {
    if (equal_ignoring_case(*element, token)) return true;
  }
  return false;
}

/// Joins texts with colons, as every hash of Digest takes them.
std::string with_colons(std::initializer_list<std::string_view> texts) {
  std::string joined;
  for (const std::string_view text : texts) joined.append(text).append(":");
  joined.pop_back();
  return joined;
}

std::string quoted_string(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

constexpr std::string_view first_use = "00000001";  // nc: the nonce was not used before

/// Returns the response of Digest, RFC 7616 §3.4.1; nothing if a hash cannot be computed.
std::optional<std::string> digest_response(const AuthChallenge& challenge,
                                           const DigestAlgorithm& algorithm, bool with_qop,
                                           const Credentials& credentials,
                                           const AuthRequest& request, const HexHash& hash) {
  const std::string_view realm = value_of(challenge, "realm");
  const std::string_view nonce = value_of(challenge, "nonce");
  auto a1 = hash(algorithm.hash, with_colons({credentials.user, realm, credentials.password}));
  if (a1 && algorithm.session) {
    a1 = hash(algorithm.hash, with_colons({*a1, nonce, request.cnonce}));
  }
  const auto a2 = hash(algorithm.hash, with_colons({request.method, request.uri}));
  if (!a1 || !a2) return std::nullopt;
  if (!with_qop) return hash(algorithm.hash, with_colons({*a1, nonce, *a2}));  // RFC 2069 §2.1.2
  return hash(algorithm.hash, with_colons({*a1, nonce, first_use, request.cnonce, "auth", *a2}));
}

/// Returns "Digest ..." or nothing if the challenge cannot be answered with this algorithm.
std::optional<std::string> answer_digest(const AuthChallenge& challenge,
                                         const DigestAlgorithm& algorithm,
                                         const Credentials& credentials, const AuthRequest& request,
                                         const HexHash& hash) {
  const std::string_view named = value_of(challenge, "algorithm", "MD5");
  const std::string* qop = challenge.find("qop");
  const bool suits = hash && equal_ignoring_case(named, algorithm.name) &&
                     challenge.find("realm") != nullptr && challenge.find("nonce") != nullptr &&
                     (qop == nullptr ? !algorithm.session : lists(*qop, "auth"));
  if (!suits) return std::nullopt;
  const bool with_qop = qop != nullptr;
  const auto response = digest_response(challenge, algorithm, with_qop, credentials, request, hash);
  if (!response) return std::nullopt;

  std::string text = "Digest username=" + quoted_string(credentials.user);
  const auto add = [&](std::string_view name, std::string_view value) {
    text.append(", ").append(name).append("=").append(value);
  };
  add("realm", quoted_string(value_of(challenge, "realm")));
  add("nonce", quoted_string(value_of(challenge, "nonce")));
  add("uri", quoted_string(request.uri));
  add("response", quoted_string(*response));
  if (challenge.find("algorithm") != nullptr) add("algorithm", algorithm.name);
  if (with_qop) {
    add("qop", "auth");
    add("nc", first_use);
    add("cnonce", quoted_string(request.cnonce));
  }
  if (const std::string* opaque = challenge.find("opaque")) add("opaque", quoted_string(*opaque));
  return is_field_value(text) ? std::optional(std::move(text)) : std::nullopt;
}

}  // namespace

const std::string* AuthChallenge::find(std::string_view name) const noexcept {
  for (const auto& parameter : parameters) {
    if (equal_ignoring_case(parameter.first, name)) return &parameter.second;
  }
  return nullptr;
}

std::vector<AuthChallenge> parse_challenges(const std::vector<std::string_view>& values) {
  std::vector<AuthChallenge> challenges;
  std::size_t elements = 0;
  for (const std::string_view value : values) ChallengeScanner(value, elements, challenges).scan();
  return challenges;
}

bool fits_basic(const Credentials& credentials) noexcept {
  return credentials.user.find(':') == std::string::npos && !has_control(credentials.user) &&
         !has_control(credentials.password);
}

std::string basic_authorization(const Credentials& credentials) {
  return "Basic " +
         base64_encode(wire_bytes(with_colons({credentials.user, credentials.password})));
}

std::optional<std::string> answer_challenges(const std::vector<AuthChallenge>& challenges,
                                             const Credentials& credentials,
                                             const AuthRequest& request, const HexHash& hash) {
  for (const DigestAlgorithm& algorithm : digest_algorithms) {
    for (const AuthChallenge& challenge : challenges) {
      if (!equal_ignoring_case(challenge.scheme, "Digest")) continue;
      auto answer = answer_digest(challenge, algorithm, credentials, request, hash);
      if (answer) return answer;
    }
  }
  const bool basic = std::any_of(challenges.begin(), challenges.end(), [](const auto& challenge) {
    return equal_ignoring_case(challenge.scheme, "Basic");
  });
  if (basic && fits_basic(credentials)) return basic_authorization(credentials);
  return std::nullopt;
}

}  // namespace wirespan
