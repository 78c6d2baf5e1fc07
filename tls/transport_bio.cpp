#include <cstddef>

#include <wirespan/tls/transport_bio.hpp>

namespace wirespan::tls {
namespace {

TransportBio& target_of(BIO* bio) { return *static_cast<TransportBio*>(::BIO_get_data(bio)); }

/// 1 if `result` did something, else 0 with the reason noted where OpenSSL and we will look.
int note_result(BIO* bio, const net::IoResult& result, std::size_t asked, std::size_t* done) {
  *done = 0;
  ::BIO_clear_retry_flags(bio);
  switch (result.status) {
    case net::IoStatus::ok:
      if (result.bytes == 0 || result.bytes > asked) {  // no transport may claim more than that
        target_of(bio).error = make_error_code(std::errc::io_error);
        return 0;
      }
      *done = result.bytes;
      return 1;
    case net::IoStatus::want_read:
      ::BIO_set_retry_read(bio);
      return 0;
    case net::IoStatus::want_write:
      ::BIO_set_retry_write(bio);
      return 0;
    case net::IoStatus::eof:
      target_of(bio).eof = true;
      return 0;
    case net::IoStatus::error:
      target_of(bio).error = result.error;
      return 0;
  }
  return 0;
}

int read_bio(BIO* bio, char* data, std::size_t size, std::size_t* done) {
  const MutableBytes room(reinterpret_cast<std::byte*>(data), size);
  return note_result(bio, target_of(bio).transport->read_some(room), size, done);
}

int write_bio(BIO* bio, const char* data, std::size_t size, std::size_t* done) {
  const Bytes bytes(reinterpret_cast<const std::byte*>(data), size);
  return note_result(bio, target_of(bio).transport->write_some(bytes), size, done);
}

long control_bio(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_FLUSH) return 1;
  if (command == BIO_CTRL_EOF) return target_of(bio).eof ? 1 : 0;
  return 0;
}

BIO_METHOD* make_method() {
  BIO_METHOD* method = ::BIO_meth_new(::BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "wirespan");
  if (method == nullptr) return nullptr;
  ::BIO_meth_set_read_ex(method, read_bio);
  ::BIO_meth_set_write_ex(method, write_bio);
  ::BIO_meth_set_ctrl(method, control_bio);
  return method;
}

}  // namespace

BIO* make_transport_bio(TransportBio& target) {
  static BIO_METHOD* const method = make_method();  // one for the process, never freed
  BIO* bio = method == nullptr ? nullptr : ::BIO_new(method);
  if (bio == nullptr) return nullptr;
  ::BIO_set_data(bio, &target);
  ::BIO_set_init(bio, 1);
  return bio;
}

}  // namespace wirespan::tls
