// certificate_text.cpp - the fields of an X509 certificate, printed by OpenSSL.
#include <array>
#include <cstddef>
#include <memory>
#include <string>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <wirespan/tls/certificate_text.hpp>

namespace wirespan::tls {
namespace {

struct FreeBio {
  void operator()(BIO* bio) const noexcept { ::BIO_free(bio); }
};

/// Returns the text that `print` writes into a memory BIO; empty if OpenSSL has no memory.
template <class Print>
std::string printed(Print print) {
  const std::unique_ptr<BIO, FreeBio> bio(::BIO_new(::BIO_s_mem()));
  if (!bio) return {};
  print(bio.get());
  char* data = nullptr;
  const long size = ::BIO_get_mem_data(bio.get(), &data);
  return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

std::string name_text(const X509_NAME* name) {
  return printed([&](BIO* bio) { ::X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253); });
}

std::string common_name(X509_NAME* name) {
  const int at = ::X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  if (at < 0) return {};
  ASN1_STRING* value = ::X509_NAME_ENTRY_get_data(::X509_NAME_get_entry(name, at));
  return printed([&](BIO* bio) { ::ASN1_STRING_print_ex(bio, value, ASN1_STRFLGS_UTF8_CONVERT); });
}

std::string fingerprint(const X509& certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  if (::X509_digest(&certificate, ::EVP_sha256(), digest.data(), &size) != 1) return {};
  constexpr const char* digits = "0123456789abcdef";
  std::string text;
  for (unsigned int i = 0; i < size; ++i) {
    text += digits[digest[i] >> 4];
    text += digits[digest[i] & 0xF];
  }
  return text;
}

}  // namespace

PeerCertificate describe_certificate(X509& certificate) {
  X509_NAME* subject = ::X509_get_subject_name(&certificate);
  return {
      .subject = name_text(subject),
      .common_name = common_name(subject),
      .issuer = name_text(::X509_get_issuer_name(&certificate)),
      .serial = printed(
          [&](BIO* bio) { ::i2a_ASN1_INTEGER(bio, ::X509_get0_serialNumber(&certificate)); }),
      .fingerprint = fingerprint(certificate),
      .pem = printed([&](BIO* bio) { ::PEM_write_bio_X509(bio, &certificate); }),
  };
}

}  // namespace wirespan::tls
