// options.hpp - TLS options: plain values, no header of OpenSSL.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace wirespan::tls {

/// Whether a client verifies the certificate of the server.
enum class Verify : std::uint8_t {
  required,  ///< The peer must show a certificate, and it must be valid.
  none,      ///< No certificate verification. For tests only.
};

/// A version of TLS, for `min_version`.
enum class Version : std::uint8_t { tls1_2, tls1_3 };

/// TLS options of a client, as in Python's `sslopt`. They are checked when the connection is made.
/// An empty string means that the option is not set.
struct ClientOptions {
  Verify verify = Verify::required;
  /// The certificate must name the host. Unset: true, but false with Verify::none. True together
  /// with Verify::none is Errc::invalid_option.
  std::optional<bool> check_hostname{};
  /// Trusted certificates, in PEM: a file and a folder. If both are empty: the file or folder that
  /// the environment variable WEBSOCKET_CLIENT_CA_BUNDLE names, if it exists, else the system's
  /// store.
  std::string ca_certs{};
  std::string ca_cert_path{};
  /// The client's own certificate (a chain, in PEM), its key (if empty: in the same file) and the
  /// key's password.
  std::string certfile{};
  std::string keyfile{};
  std::string password{};
  std::string ciphers{};     ///< OpenSSL's cipher list for TLS 1.2; empty: its default.
  std::string ecdh_curve{};  ///< OpenSSL's list of groups, "X25519:P-256".
  Version min_version = Version::tls1_2;
  std::string server_hostname{};  ///< Sent as SNI and verified instead of the URL's host.
  /// An SSL_CTX of the caller, used as it is: then only check_hostname and server_hostname count.
  /// The connection holds a reference to it as long as it needs it, and sets its own modes,
  /// read-ahead and message callback, whatever the context says. Null: none.
  ::ssl_ctx_st* context = nullptr;
};

/// TLS options of a server. An empty string means that the option is not set.
struct ServerOptions {
  std::string certificate_file{};  ///< A chain in PEM. Required.
  std::string key_file{};          ///< If empty: in the same file.
  std::string password{};
  /// CA file, in PEM: every client must show a certificate that one of these has signed. Empty:
  /// clients are not asked for a certificate.
  std::string client_ca_file{};
  std::string ciphers{};
  std::string ecdh_curve{};
  Version min_version = Version::tls1_2;
};

}  // namespace wirespan::tls
