// client_rules.hpp - the rules of a client's context that OpenSSL does not know. Private.
#pragma once

#include <string>

#include <wirespan/tls/options.hpp>
#include <wirespan/tls/pinned_keys.hpp>

namespace wirespan::tls {

/// Made once by Context::for_client() and never changed.
struct ClientRules {
  Verify verify = Verify::required;
  PinnedKeys pins{};
  std::string fingerprint{};  // of the options; empty: no session is kept or offered
};

}  // namespace wirespan::tls
