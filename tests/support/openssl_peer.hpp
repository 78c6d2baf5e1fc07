// openssl_peer.hpp - OpenSSL itself as the peer over a Wire, for what TlsStream never does.
#pragma once

#include <array>
#include <memory>

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/ssl.h>

#include "support/wire.hpp"
#include <wirespan/core/opcode.hpp>
#include <wirespan/tls/context.hpp>

namespace wirespan::test {

/// One end of a TLS connection, made of OpenSSL alone: its records go through memory BIOs to a
/// Wire.
class OpensslPeer {
 public:
  OpensslPeer(const Wire& wire, Role role, const tls::Context& context)
      : here_(role == Role::server ? wire.server : wire.client),
        there_(role == Role::server ? wire.client : wire.server),
        ssl_(::SSL_new(context.native())) {
    ::SSL_set_bio(ssl_.get(), ::BIO_new(::BIO_s_mem()), ::BIO_new(::BIO_s_mem()));
    if (role == Role::server) {
      ::SSL_set_accept_state(ssl_.get());
    } else {
      ::SSL_set_connect_state(ssl_.get());
    }
  }

  [[nodiscard]] SSL* ssl() const noexcept { return ssl_.get(); }

  bool handshake() {
    take_in();
    const bool done = ::SSL_do_handshake(ssl_.get()) == 1;
    give_out();
    return done;
  }
  void write(Bytes bytes) {
    std::size_t size = 0;
    EXPECT_EQ(::SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &size), 1);
    EXPECT_EQ(size, bytes.size());
    give_out();
  }
  ByteVector read() {
    take_in();
    ByteVector all;
    std::array<std::byte, 16384> buffer;
    std::size_t size = 0;
    while (::SSL_read_ex(ssl_.get(), buffer.data(), buffer.size(), &size) == 1) {
      all.insert(all.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(size));
    }
    give_out();
    return all;
  }
  /// Changes this end's keys and, with `both_sides`, demands that the other end does so, too. RFC
  /// 8446 §4.6.3.
  void update_keys(bool both_sides) {
    const int kind = both_sides ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED;
    EXPECT_EQ(::SSL_key_update(ssl_.get(), kind), 1);
    EXPECT_EQ(::SSL_do_handshake(ssl_.get()), 1);
    give_out();
  }

 private:
  void take_in() {
    const Bytes fresh = Bytes(here_->incoming).subspan(here_->taken);
    if (!fresh.empty()) {
      ::BIO_write(::SSL_get_rbio(ssl_.get()), fresh.data(), static_cast<int>(fresh.size()));
    }
    here_->incoming.clear();
    here_->taken = 0;
  }
  void give_out() {
    std::array<std::byte, 16384> buffer;
    int size = 0;
    while ((size = ::BIO_read(::SSL_get_wbio(ssl_.get()), buffer.data(), buffer.size())) > 0) {
      there_->arrive(Bytes(buffer).first(static_cast<std::size_t>(size)));
    }
  }

  struct Free {
    void operator()(SSL* p) const noexcept { ::SSL_free(p); }
  };
  std::shared_ptr<WireEnd> here_;
  std::shared_ptr<WireEnd> there_;
  std::unique_ptr<SSL, Free> ssl_;
};

}  // namespace wirespan::test
