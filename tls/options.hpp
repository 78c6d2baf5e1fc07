// options.hpp - how TLS is to behave: plain values, no header of OpenSSL.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace wirespan::tls {

enum class Verify : std::uint8_t {
  required,  ///< The peer must show a certificate, and it must be valid.
  none,      ///< Whoever answers is believed. For tests.
};

enum class Version : std::uint8_t { tls1_2, tls1_3 };

/// Python's `sslopt`. Everything is checked when the connection is made.
struct ClientOptions {
  Verify verify = Verify::required;
  /// The certificate must name the host. Unset: true, but false with Verify::none. Asking for it
  /// together with Verify::none is Errc::invalid_option.
  std::optional<bool> check_hostname{};
  /// A file or a folder of trusted certificates, in PEM. Where both are empty: the file or folder
  /// that the environment variable WEBSOCKET_CLIENT_CA_BUNDLE names, else the system's store.
  std::string ca_certs{};
  std::string ca_cert_path{};
  /// Our own certificate (a chain, in PEM), its key (in the same file when empty), the key's
  /// password.
  std::string certfile{};
  std::string keyfile{};
  std::string password{};
  std::string ciphers{};     ///< OpenSSL's cipher list for TLS 1.2.
  std::string ecdh_curve{};  ///< OpenSSL's list of groups, "X25519:P-256".
  Version min_version = Version::tls1_2;
  std::string server_hostname{};  ///< Sent as SNI and verified instead of the URL's host.
  /// Yours, made ready: only check_hostname and server_hostname count then. A reference is taken
  /// for as long as the connection needs it. Its modes, read-ahead and message callback are not
  /// used: each connection sets its own.
  ::ssl_ctx_st* context = nullptr;
};

struct ServerOptions {
  std::string certificate_file{};  ///< Chain in PEM. Required.
  std::string key_file{};          ///< In the same file when empty.
  std::string password{};
  /// Trusted to sign the certificates of clients, which must then show one.
  std::string client_ca_file{};
  std::string ciphers{};
  std::string ecdh_curve{};
  Version min_version = Version::tls1_2;
};

}  // namespace wirespan::tls
