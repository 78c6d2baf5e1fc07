// reloading_server.hpp - a server of TLS whose certificate is replaced while it serves.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "support/running_server.hpp"
#include "support/tls_link.hpp"
#include <wirespan/app/websocket.hpp>
#include <wirespan/app/websocket_server.hpp>

namespace wirespan::test {

/// Two self-signed certificates: a client that trusts one of them knows which one it is shown.
[[nodiscard]] inline CertificateFiles old_certificate() {
  return certificate({.name = "old", .self_signed = true});
}
[[nodiscard]] inline CertificateFiles new_certificate() {
  return certificate({.name = "new", .self_signed = true});
}

/// The files that the server reads, with one certificate or the other in them.
class CertificateInPlace {
 public:
  explicit CertificateInPlace(const CertificateFiles& first) { put(first); }
  void put(const CertificateFiles& other) {
    put_certificate(other);
    put_key(other);
  }
  void put_certificate(const CertificateFiles& other) {
    copy(other.certificate, files_.certificate);
  }
  void put_key(const CertificateFiles& other) { copy(other.key, files_.key); }
  void spoil() { std::ofstream(files_.certificate) << "nothing\n"; }
  [[nodiscard]] const std::string& path() const { return files_.certificate; }
  [[nodiscard]] tls::ServerOptions options() const {
    return {.certificate_file = files_.certificate, .key_file = files_.key};
  }

 private:
  static void copy(const std::string& from, const std::string& to) {
    const auto replace = std::filesystem::copy_options::overwrite_existing;
    std::filesystem::copy_file(from, to, replace);
  }

  CertificateFiles files_{scratch_file("in_place.pem"), scratch_file("in_place.key")};
};

/// A server whose certificate is in these files.
class Reloading {
 public:
  explicit Reloading(const CertificateInPlace& files, int threads = 1,
                     Milliseconds check_interval = Milliseconds(0))
      : server_({.threads = threads,
                 .tls = files.options(),
                 .certificate_check_interval = check_interval},
                echoing()),
        port_(server_.listen()) {
    thread_ = std::thread([this] { server_.run(); });
  }
  ~Reloading() {
    server_.stop();
    thread_.join();
  }
  [[nodiscard]] WebSocketServer& server() noexcept { return server_; }
  [[nodiscard]] WebSocket connect(const CertificateFiles& trusted) const {
    return create_connection("wss://127.0.0.1:" + std::to_string(port_) + "/",
                             {.timeout = 20s, .sslopt = {.ca_certs = trusted.certificate}});
  }
  [[nodiscard]] WebSocket connect_trusting_both() const {
    const std::string both =
        content_of(old_certificate().certificate) + content_of(new_certificate().certificate);
    return create_connection("wss://127.0.0.1:" + std::to_string(port_) + "/",
                             {.timeout = 20s, .sslopt = {.ca_certs_pem = both}});
  }
  [[nodiscard]] bool shows(const CertificateFiles& expected) const {
    try {
      connect(expected).close();
      return true;
    } catch (const WebSocketException&) {
      return false;
    }
  }

 private:
  WebSocketServer server_;
  std::uint16_t port_;
  std::thread thread_;
};

}  // namespace wirespan::test
