// options.hpp - TLS options: plain values, no header of OpenSSL.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <wirespan/tls/secret.hpp>

struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace wirespan::tls {

class SessionCache;

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
  Verify verify = Verify::required;  ///< See Verify.
  /// The certificate must name the host. Unset: true, but false with Verify::none. True together
  /// with Verify::none is Errc::invalid_option.
  std::optional<bool> check_hostname{};
  /// Trusted certificates, in PEM: a file, a folder and a text; those of all that are set count.
  /// If none is: the file or folder that the environment variable WEBSOCKET_CLIENT_CA_BUNDLE names,
  /// if it exists, else the system's store.
  std::string ca_certs{};
  std::string ca_cert_path{};
  std::string ca_certs_pem{};
  /// Trust every certificate among them as an end of the chain, an intermediate one or the server's
  /// own, too. False: a chain must end in a self-signed certificate.
  bool partial_chain = false;
  /// Public keys of which the server must have one, in addition to all other checks: the SHA-256 of
  /// the certificate's SubjectPublicKeyInfo in base64, with or without "sha256//" in front of it,
  /// as curl takes it (RFC 7469 §2.4). Only the server's own certificate counts, none of its
  /// issuers. With Verify::none the pinned key alone protects: the server must have it, while name,
  /// dates and issuer are not verified. Another key is TlsErrc::key_not_pinned, before any byte of
  /// a request is sent, and, without a `context` of the caller, before the client's certificate is.
  /// A malformed pin is Errc::invalid_option. List the next key, too, before the server changes its
  /// key. Empty: any key.
  std::vector<std::string> pinned_keys{};
  /// The client's own certificate (a chain, in PEM), its key (if empty: in the same file) and the
  /// key's password.
  std::string certfile{};
  std::string keyfile{};
  std::string password{};
  /// The same certificate and key as texts. A file may go with a text (certfile with key_pem), but
  /// two sources for one thing, or a key_pem without a certificate, are Errc::invalid_option. The
  /// library erases its copies of the key.
  std::string certificate_pem{};
  Secret key_pem{};
  std::string ciphers{};     ///< OpenSSL's cipher list for TLS 1.2; empty: its default.
  std::string ecdh_curve{};  ///< OpenSSL's list of groups, "X25519:P-256".
  Version min_version = Version::tls1_2;  ///< Oldest version that is spoken.
  /// Protocols offered by ALPN (RFC 7301), the preferred one first: "http/1.1" for a server or
  /// proxy that insists on it. A name has 1 to 255 bytes, else Errc::invalid_option. A server may
  /// choose none; TlsStream::alpn() tells. Empty: no ALPN.
  std::vector<std::string> alpn{};
  std::string server_hostname{};  ///< Sent as SNI and verified instead of the URL's host.
  /// Keeps the context made from these options, and sessions for the next connections. Null:
  /// nothing is kept, but a WebSocketApp keeps a cache of its own for all of its connections.
  std::shared_ptr<SessionCache> session_cache{};
  /// Resume sessions of the cache: an abbreviated handshake without certificates, and with TLS 1.2
  /// a round trip less. False: full handshakes only; the context is still kept.
  bool resume = true;
  /// An SSL_CTX of the caller, used as it is: then only check_hostname, server_hostname and
  /// pinned_keys count, and sessions are not resumed. The connection holds a reference to it as
  /// long as it needs it, and sets its own modes, read-ahead and message callback, whatever the
  /// context says. Null: none.
  ::ssl_ctx_st* context = nullptr;
};

/// A certificate of a server and its key. An empty string means that the field is not set.
struct ServerCertificate {
  std::string certificate_file{};  ///< A chain in PEM.
  std::string key_file{};          ///< If empty: in the same file.
  std::string certificate_pem{};   ///< The chain as a text, instead of the file.
  Secret key_pem{};                ///< The key as a text, instead of its file.
  std::string password{};          ///< Of an encrypted key.
  std::string ocsp_response{};     ///< As ServerOptions::ocsp_response.
};

/// Bytes of each of ServerOptions::ticket_keys.
inline constexpr std::size_t ticket_key_size = 80;

/// TLS options of a server. An empty string means that the option is not set. A certificate is
/// required, as a file or as a text. A file may go with a text (certificate_file with key_pem), but
/// two sources for one thing are Errc::invalid_option. The library erases its copies of keys.
struct ServerOptions {
  std::string certificate_file{};  ///< A chain in PEM.
  std::string key_file{};          ///< If empty: in the same file.
  std::string certificate_pem{};   ///< The chain as a text, instead of the file.
  Secret key_pem{};                ///< The key as a text, instead of its file.
  std::string password{};          ///< Of an encrypted key.
  /// Certificates for further names. A client that asks for a name (SNI) gets the first whose names
  /// fit, the one above before these; if none fits, or without a name, the one above.
  std::vector<ServerCertificate> more_certificates{};
  /// CA file, in PEM: every client must show a certificate that one of these has signed. Empty:
  /// clients are not asked for a certificate.
  std::string client_ca_file{};
  std::string ciphers{};                  ///< As ClientOptions::ciphers.
  std::string ecdh_curve{};               ///< As ClientOptions::ecdh_curve.
  Version min_version = Version::tls1_2;  ///< Oldest version that is spoken.
  /// Protocols that are spoken (RFC 7301), the preferred one first, such as "http/1.1". A client
  /// that offers some gets the first that it offers, too; if it offers others only, the handshake
  /// fails. A client that offers none is served. A name has 1 to 255 bytes, else
  /// Errc::invalid_option. Empty: offers are not answered.
  std::vector<std::string> alpn{};
  /// Keys of session tickets, ticket_key_size random bytes each: the first protects new tickets,
  /// those of all are accepted. With the same keys sessions are resumed after a restart, after
  /// reload_certificates() and by other machines of the same name. A stolen key opens
  /// recorded sessions of TLS 1.2: put a new one in front every day, and keep the one before it for
  /// as long as tickets live (two hours). Another size is Errc::invalid_option. Empty: a key is
  /// made with the context, and dropped with it.
  std::vector<Secret> ticket_keys{};
  /// OCSP response about the certificate, in DER, as its authority signed it: sent with the
  /// certificate to clients that ask for one (RFC 6066 §8), and renewed by reload_certificates().
  /// Bytes that are no OCSP response are Errc::invalid_option. Empty: none.
  std::string ocsp_response{};
  /// An SSL_CTX of the caller, used as it is: no other field counts. The server holds a reference
  /// to it, so that it need only exist when the options are given. Connections set their own
  /// modes, read-ahead and message callback, whatever the context says. Null: none.
  ::ssl_ctx_st* context = nullptr;
};

}  // namespace wirespan::tls
