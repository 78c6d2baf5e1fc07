// transport_bio.hpp - OpenSSL's view of a ByteTransport. Private.
#pragma once

#include <cstddef>
#include <system_error>

#include <openssl/bio.h>

#include <wirespan/net/stream.hpp>

namespace wirespan::tls {

/// What a BIO of ours works on. It must stay where it is for as long as the BIO lives.
struct TransportBio {
  net::ByteTransport* transport = nullptr;
  std::error_code error;  ///< The latest failure of reading.
  /// The first failure of writing. From then on OpenSSL is told that all it writes has left, and
  /// nothing leaves: so it never has a write to finish before it reads on, and replies of its own
  /// to key updates, and alerts, cannot end what the peer still sends.
  std::error_code write_error;
  bool eof = false;                ///< The transport has ended.
  net::ReceiveTime received_at{};  ///< Of what was read last.
  std::size_t input_left = 0;      ///< Bytes that may still be read in this call of OpenSSL.
};

/// A BIO that reads and writes through `target`; SIGPIPE is never raised, and error codes are ours.
/// Null if OpenSSL has no memory. It does not own `target`.
[[nodiscard]] BIO* make_transport_bio(TransportBio& target);

}  // namespace wirespan::tls
