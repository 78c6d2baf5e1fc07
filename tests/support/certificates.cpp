// certificates.cpp - a certificate authority for tests, on top of OpenSSL.
#include "support/certificates.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <stdexcept>
#include <tuple>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace wirespan::test {
namespace {

template <auto Function>
struct Calls {
  template <class T>
  void operator()(T* pointer) const noexcept {
    Function(pointer);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Calls<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Calls<X509_free>>;
using File = std::unique_ptr<std::FILE, Calls<std::fclose>>;

void require(bool condition, const char* what) {
  if (!condition) throw std::runtime_error(std::string("certificates: ") + what);
}

/// A folder that is deleted when the process ends.
class Folder {
 public:
  Folder() {
    std::string pattern = std::filesystem::temp_directory_path() / "wirespan-XXXXXX";
    require(::mkdtemp(pattern.data()) != nullptr, "no folder");
    path_ = pattern;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] std::string file(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

void add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  require(extension != nullptr, "extension");
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

Certificate unsigned_certificate(const std::string& common_name, EVP_PKEY* key, long from,
                                 long until) {
  static long serial = 1;
  Certificate certificate(X509_new());
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), from);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), until);
  X509_set_pubkey(certificate.get(), key);
  const auto* name = reinterpret_cast<const unsigned char*>(common_name.c_str());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_ASC, name, -1,
                             -1, 0);
  return certificate;
}

void sign(X509* certificate, X509* issuer, EVP_PKEY* issuer_key) {
  X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
  require(X509_sign(certificate, issuer_key, EVP_sha256()) > 0, "sign");
}

std::string alternative_names(const CertificateSpec& spec) {
  std::string text;
  const auto add = [&](const char* kind, const std::string& value) {
    if (!text.empty()) text += ",";
    text += kind;
    text += value;
  };
  for (const std::string& name : spec.dns_names) add("DNS:", name);
  for (const std::string& address : spec.addresses) add("IP:", address);
  return text;
}

/// The folder of this process.
const Folder& folder() {
  static const Folder one;
  return one;
}

/// Signs certificates and remembers the files of every one it has signed.
class Authority {
 public:
  static Authority& trusted() {
    static Authority authority("wirespan test authority");
    return authority;
  }
  static Authority& foreign() {
    static Authority authority("another authority");
    return authority;
  }

  static Authority& intermediate() {
    static Authority authority("an authority in between", &trusted());
    return authority;
  }

  /// Without a signer it signs itself.
  explicit Authority(const std::string& name, const Authority* signer = nullptr)
      : key_(EVP_EC_gen("P-256")) {
    certificate_ = unsigned_certificate(name, key_.get(), -7200, 7 * 86400);
    const Authority& issuer = signer != nullptr ? *signer : *this;
    add_extension(certificate_.get(), issuer.certificate_.get(), NID_basic_constraints,
                  "critical,CA:TRUE");
    sign(certificate_.get(), issuer.certificate_.get(), issuer.key_.get());
    file_ = folder().file(name + ".pem");
    write(file_, certificate_.get());
  }

  [[nodiscard]] const std::string& file() const { return file_; }

  /// OpenSSL finds an authority in a folder by a hash of its name.
  [[nodiscard]] std::string hashed_folder() const {
    const std::string path = folder().file("authorities");
    std::filesystem::create_directories(path);
    std::array<char, 32> name{};
    std::snprintf(name.data(), name.size(), "%08lx.0", X509_subject_name_hash(certificate_.get()));
    write(path + "/" + name.data(), certificate_.get());
    return path;
  }

  CertificateFiles issue(const CertificateSpec& spec) {
    if (const auto known = issued_.find(spec.name); known != issued_.end()) return known->second;
    const Key key(EVP_EC_gen("P-256"));
    const std::string& common_name = spec.common_name.empty() ? spec.name : spec.common_name;
    const auto made =
        unsigned_certificate(common_name, key.get(), spec.valid_from, spec.valid_until);
    X509* issuer = spec.self_signed ? made.get() : certificate_.get();
    if (const std::string names = alternative_names(spec); !names.empty()) {
      add_extension(made.get(), issuer, NID_subject_alt_name, names);
    }
    add_extension(made.get(), issuer, NID_ext_key_usage,
                  spec.for_client ? "clientAuth" : "serverAuth");
    sign(made.get(), issuer, spec.self_signed ? key.get() : key_.get());
    CertificateFiles files{folder().file(spec.name + ".pem"), folder().file(spec.name + ".key")};
    write(files.certificate, made.get());
    write_key(files.key, key.get(), spec.key_password);
    return issued_[spec.name] = files;
  }

 private:
  static void write(const std::string& path, X509* certificate) {
    const File file(std::fopen(path.c_str(), "w"));
    require(file && PEM_write_X509(file.get(), certificate) == 1, "write certificate");
  }

  static void write_key(const std::string& path, EVP_PKEY* key, const std::string& password) {
    const File file(std::fopen(path.c_str(), "w"));
    const EVP_CIPHER* cipher = password.empty() ? nullptr : EVP_aes_128_cbc();
    const auto* secret = password.empty() ? nullptr : password.c_str();
    require(
        file && PEM_write_PKCS8PrivateKey(file.get(), key, cipher, secret,
                                          static_cast<int>(password.size()), nullptr, nullptr) == 1,
        "write key");
  }

  Key key_;
  Certificate certificate_;
  std::string file_;
  std::map<std::string, CertificateFiles> issued_;
};

/// Throws if another certificate has that name: which of the two a test gets would depend on the
/// order of the tests.
void check_name(const CertificateSpec& spec) {
  static std::map<std::string, CertificateSpec> known;
  const auto fields = [](const CertificateSpec& one) {
    return std::tie(one.common_name, one.dns_names, one.addresses, one.valid_from, one.valid_until,
                    one.self_signed, one.other_authority, one.by_intermediate, one.for_client,
                    one.key_password);
  };
  const auto& first = known.try_emplace(spec.name, spec).first->second;
  if (fields(first) == fields(spec)) return;
  throw std::logic_error("certificates: two different ones have the name " + spec.name);
}

}  // namespace

const std::string& authority_file() { return Authority::trusted().file(); }

const std::string& intermediate_file() { return Authority::intermediate().file(); }

const std::string& authority_folder() {
  static const std::string path = Authority::trusted().hashed_folder();
  return path;
}

std::string scratch_file(const std::string& name) { return folder().file(name); }

std::string content_of(const std::string& path) {
  std::ifstream file(path);
  require(file.good(), "read");
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string pin_of(const std::string& certificate_file) {
  const File file(std::fopen(certificate_file.c_str(), "r"));
  const Certificate made(file ? PEM_read_X509(file.get(), nullptr, nullptr, nullptr) : nullptr);
  require(made != nullptr, "read certificate");
  std::array<unsigned char, 2048> key;
  unsigned char* end = key.data();
  const int size = i2d_PUBKEY(X509_get0_pubkey(made.get()), nullptr);
  require(size > 0 && static_cast<std::size_t>(size) <= key.size(), "key size");
  i2d_PUBKEY(X509_get0_pubkey(made.get()), &end);
  std::array<unsigned char, 32> hash;
  EVP_Digest(key.data(), static_cast<std::size_t>(size), hash.data(), nullptr, EVP_sha256(),
             nullptr);
  std::array<unsigned char, 45> text;
  const int length = EVP_EncodeBlock(text.data(), hash.data(), static_cast<int>(hash.size()));
  return "sha256//" + std::string(text.begin(), text.begin() + length);
}

CertificateFiles certificate(const CertificateSpec& spec) {
  check_name(spec);
  if (spec.by_intermediate) return Authority::intermediate().issue(spec);
  return (spec.other_authority ? Authority::foreign() : Authority::trusted()).issue(spec);
}

}  // namespace wirespan::test
