// http_auth.hpp - challenges of HTTP and their answers, Basic and Digest. RFC 9110 §11, RFC 7617,
// RFC 7616.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <wirespan/core/credentials.hpp>

namespace wirespan {

/// One challenge of WWW-Authenticate or Proxy-Authenticate. RFC 9110 §11.3.
struct AuthChallenge {
  std::string scheme{};  ///< As written: "Basic". Schemes compare without case.
  /// Name and value in order, values without their quotes.
  std::vector<std::pair<std::string, std::string>> parameters{};
  std::string token68{};  ///< The data of schemes that have no parameters; else empty.

  /// The value of the first parameter of that name, compared without case; nullptr if there is
  /// none. Borrowed: valid until the challenge changes.
  [[nodiscard]] const std::string* find(std::string_view name) const noexcept;
};

/// Returns the challenges of all fields in `values`, in order; one field may hold several. A part
/// that is malformed is left out, the parts around it stay. At most limits::auth_elements
/// challenges and parameters are read.
[[nodiscard]] std::vector<AuthChallenge> parse_challenges(
    const std::vector<std::string_view>& values);

/// True if Basic can carry the credentials: no colon in the user name, no control character in
/// either. RFC 7617 §2.
[[nodiscard]] bool fits_basic(const Credentials& credentials) noexcept;

/// Returns "Basic ...", the value of Authorization or Proxy-Authorization. Requires fits_basic().
/// The colon is there even if the password is empty. RFC 7617 §2.
[[nodiscard]] std::string basic_authorization(const Credentials& credentials);

/// The hash functions of Digest that are answered. RFC 7616 §6.1.
enum class HashAlgorithm : std::uint8_t { md5, sha256 };

/// Returns the hash of a text in lower-case hexadecimal digits, or nothing if this build or host
/// cannot compute it: tls::hex_hash(). core has no MD5 and no SHA-256 of its own. An empty function
/// computes nothing.
using HexHash = std::function<std::optional<std::string>(HashAlgorithm, std::string_view)>;

/// The request for which an answer is made.
struct AuthRequest {
  std::string method{};  ///< "GET", "CONNECT".
  std::string uri{};     ///< The request target as it is sent; "host:port" for CONNECT.
  std::string cnonce{};  ///< Fresh random characters for each answer, without quotes. Not empty.
};

/// Returns the value of Authorization or Proxy-Authorization for the strongest challenge that can
/// be answered: Digest with SHA-256, Digest with MD5, Basic. Digest is answered with `qop=auth`
/// and without qop (RFC 2069), also for the `-sess` algorithms with qop; user names are not hashed.
/// Nothing if no challenge can be answered. The count of a nonce's uses is always 1.
[[nodiscard]] std::optional<std::string> answer_challenges(
    const std::vector<AuthChallenge>& challenges, const Credentials& credentials,
    const AuthRequest& request, const HexHash& hash);

}  // namespace wirespan
