// secret.cpp - overwrites the bytes of a secret.
#include <wirespan/tls/secret.hpp>

namespace wirespan::tls {

void Secret::clear() noexcept {
  text_.resize(text_.capacity());             // what an earlier, longer text has left behind, too
  volatile char* const bytes = text_.data();  // no compiler may leave these writes out
  for (std::size_t i = 0; i < text_.size(); ++i) bytes[i] = 0;
  text_.clear();
}

}  // namespace wirespan::tls
