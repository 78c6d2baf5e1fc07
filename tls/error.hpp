// error.hpp - error codes of the TLS layer, of OpenSSL and of certificate verification.
#pragma once

#include <system_error>

#include <wirespan/core/cxx20.hpp>

namespace wirespan::tls {

/// Errors that the TLS layer itself finds.
enum class TlsErrc {
  truncated = 1,        ///< TCP ended without close_notify: bytes may be missing.
  no_certificate_file,  ///< A certificate or key, in a file or a text, cannot be used.
  bad_ciphers,          ///< The list of ciphers or of groups names nothing usable.
  idle_records,         ///< Too many TLS records without data: limits::tls_idle_records.
  key_not_pinned,       ///< The server's key is none of ClientOptions::pinned_keys.
  not_tls,              ///< The server's first bytes are no TLS record: perhaps it speaks ws:.
};

/// Category of TlsErrc.
[[nodiscard]] const std::error_category& tls_category() noexcept;
/// Category of OpenSSL's own codes, such as "wrong version number" or an alert of the peer.
[[nodiscard]] const std::error_category& openssl_category() noexcept;
/// Category of the reasons to refuse a certificate (X509_V_ERR_...), such as "certificate has
/// expired".
[[nodiscard]] const std::error_category& certificate_category() noexcept;

/// Lets a TlsErrc convert to std::error_code.
[[nodiscard]] std::error_code make_error_code(TlsErrc code) noexcept;

/// True for every error that comes from TLS rather than from the socket below it.
[[nodiscard]] bool is_tls_error(std::error_code error) noexcept;

}  // namespace wirespan::tls

/// TlsErrc converts to std::error_code.
template <>
struct std::is_error_code_enum<wirespan::tls::TlsErrc> : std::true_type {};
