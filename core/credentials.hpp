// credentials.hpp - a user name and a password. RFC 7617.
#pragma once

#include <string>

#include <wirespan/core/cxx20.hpp>

namespace wirespan {

/// A user name and a password, as a server or a proxy asks for them: bytes, UTF-8 unless the peer
/// expects something else. Both are secrets: no error text and no line of the log holds them.
struct Credentials {
  std::string user{};      ///< Not percent-encoded. RFC 7617 §2 allows no ':' in it.
  std::string password{};  ///< Not percent-encoded.
  bool operator==(const Credentials&) const = default;
};

}  // namespace wirespan
