// attached.hpp - objects that an SSL_CTX owns, for OpenSSL's callbacks. Private.
#pragma once

#include <memory>

#include <openssl/ssl.h>

namespace wirespan::tls {

/// The place of a T in every SSL_CTX. OpenSSL destroys the object with the context, which may
/// outlive the last Context: connections hold references, too.
template <class T>
class Attached {
 public:
  /// Gives the object to the context, once. False if OpenSSL has no memory.
  [[nodiscard]] static bool put(SSL_CTX* context, std::unique_ptr<T> object) {
    if (::SSL_CTX_set_ex_data(context, place(), object.get()) != 1) return false;
    (void)object.release();
    return true;
  }
  /// Returns the object of the context; null if it was given none.
  [[nodiscard]] static const T* get(const SSL_CTX* context) noexcept {
    return static_cast<const T*>(::SSL_CTX_get_ex_data(context, place()));
  }
  /// The same for the context of a connection: that of the certificate that is shown.
  [[nodiscard]] static const T* get(const SSL* ssl) noexcept { return get(::SSL_get_SSL_CTX(ssl)); }

 private:
  static void destroy(void*, void* object, CRYPTO_EX_DATA*, int, long, void*) {
    delete static_cast<T*>(object);
  }
  static int place() noexcept {
    static const int index = ::SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, destroy);
    return index;
  }
};

}  // namespace wirespan::tls
