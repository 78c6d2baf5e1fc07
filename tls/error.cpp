// error.cpp - the error categories of TLS and their texts.
#include <string>

#include <wirespan/tls/error.hpp>
#include <wirespan/tls/openssl_text.hpp>

namespace wirespan::tls {
namespace {

class TlsCategory final : public std::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "wirespan.tls"; }
  [[nodiscard]] std::string message(int value) const override {
    switch (static_cast<TlsErrc>(value)) {
      case TlsErrc::truncated:
        return "TLS stream ended without close_notify";
      case TlsErrc::no_certificate_file:
        return "cannot use the certificate, key or CA file";
      case TlsErrc::bad_ciphers:
        return "no usable cipher or curve in the list";
      case TlsErrc::idle_records:
        return "too many TLS records without data (key updates or empty records)";
      case TlsErrc::key_not_pinned:
        return "the public key of the server's certificate is none of the pinned keys";
      case TlsErrc::not_tls:
        return "the server does not speak TLS: use ws";
    }
    return "unknown TLS error";
  }
};

class OpensslCategory final : public std::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "openssl"; }
  [[nodiscard]] std::string message(int value) const override { return openssl_text(value); }
};

class CertificateCategory final : public std::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "certificate"; }
  [[nodiscard]] std::string message(int value) const override { return certificate_text(value); }
};

}  // namespace

const std::error_category& tls_category() noexcept {
  static const TlsCategory category;
  return category;
}

const std::error_category& openssl_category() noexcept {
  static const OpensslCategory category;
  return category;
}

const std::error_category& certificate_category() noexcept {
  static const CertificateCategory category;
  return category;
}

std::error_code make_error_code(TlsErrc code) noexcept {
  return {static_cast<int>(code), tls_category()};
}

bool is_tls_error(std::error_code error) noexcept {
  const std::error_category& category = error.category();
  return category == tls_category() || category == openssl_category() ||
         category == certificate_category();
}

}  // namespace wirespan::tls
