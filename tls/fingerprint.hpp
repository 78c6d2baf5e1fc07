// fingerprint.hpp - tells whether two clients have the same TLS options and files. Private.
#pragma once

#include <string>

#include <wirespan/tls/options.hpp>

namespace wirespan::tls {

/// Returns a SHA-256 over all that a client's context is made from: the options, the state of the
/// files that they and the environment name (inode, size, times), and the environment itself.
/// Excluded are the options that concern one connection only: check_hostname, server_hostname.
/// Empty if OpenSSL has no memory.
[[nodiscard]] std::string fingerprint(const ClientOptions& options);

}  // namespace wirespan::tls
