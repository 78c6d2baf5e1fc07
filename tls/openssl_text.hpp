// openssl_text.hpp - OpenSSL's words for its codes. Private.
#pragma once

#include <string>

namespace wirespan::tls {

[[nodiscard]] std::string openssl_text(int code);
[[nodiscard]] std::string certificate_text(int code);

}  // namespace wirespan::tls
