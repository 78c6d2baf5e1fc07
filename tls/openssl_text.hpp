// openssl_text.hpp - OpenSSL's texts for its error codes. Private.
#pragma once

#include <string>

namespace wirespan::tls {

/// Returns the text for a code of openssl_category(), and for one of certificate_category().
[[nodiscard]] std::string openssl_text(int code);
[[nodiscard]] std::string certificate_text(int code);

}  // namespace wirespan::tls
