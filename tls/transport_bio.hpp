// transport_bio.hpp - an OpenSSL BIO over a ByteTransport. Private.
#pragma once

#include <cstddef>
#include <system_error>

#include <openssl/bio.h>

#include <wirespan/net/stream.hpp>

namespace wirespan::tls {

/// State of a transport BIO, owned by a TlsStream. It must not move as long as the BIO lives.
struct TransportBio {
  net::ByteTransport* transport = nullptr;  ///< Not owned.
  std::error_code error;                    ///< The last failure of a read.
  /// The first failure of a write. From then on the BIO claims to have written everything and
  /// writes nothing. So OpenSSL never has a pending write to finish before it reads on, and neither
  /// its replies to key updates nor its alerts can end what the peer still sends.
  std::error_code write_error;
  bool eof = false;                ///< The peer has half-closed the transport.
  net::ReceiveTime received_at{};  ///< Of the bytes read last.
  std::size_t input_left = 0;      ///< Bytes that this call of OpenSSL may still read.
};

/// Makes a BIO that reads and writes through `target`, which it does not own. It never raises
/// SIGPIPE, and a failure keeps the transport's error code. Null if OpenSSL has no memory.
[[nodiscard]] BIO* make_transport_bio(TransportBio& target);

}  // namespace wirespan::tls
