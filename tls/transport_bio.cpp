// transport_bio.cpp - an OpenSSL BIO over a ByteTransport, and its error handling.
#include <algorithm>
#include <cstddef>

#include <wirespan/tls/transport_bio.hpp>

namespace wirespan::tls {
namespace {

TransportBio& target_of(BIO* bio) { return *static_cast<TransportBio*>(::BIO_get_data(bio)); }

/// Answers like OpenSSL's own socket BIO: 1 if bytes were moved, 0 at the end of the stream, else
/// -1, with the reason in the retry flags or in TransportBio. OpenSSL takes 0 for an alert as
/// "sent".
int note_result(BIO* bio, const net::IoResult& result, std::size_t asked, std::size_t* done) {
  *done = 0;
  ::BIO_clear_retry_flags(bio);
  switch (result.status) {
    case net::IoStatus::ok:
      if (result.bytes == 0 || result.bytes > asked) {  // no transport may claim that
        target_of(bio).error = make_error_code(std::errc::io_error);
        return -1;
      }
      *done = result.bytes;
      return 1;
    case net::IoStatus::want_read:
      ::BIO_set_retry_read(bio);
      return -1;
    case net::IoStatus::want_write:
      ::BIO_set_retry_write(bio);
      return -1;
    case net::IoStatus::eof:
      target_of(bio).eof = true;
      return 0;
    case net::IoStatus::error:
      target_of(bio).error = result.error;
      return -1;
  }
  return -1;
}

int read_bio(BIO* bio, char* data, std::size_t size, std::size_t* done) {
  TransportBio& target = target_of(bio);
  if (target.input_left == 0)
    return note_result(bio, {.status = net::IoStatus::want_read}, 0, done);
  const MutableBytes room(reinterpret_cast<std::byte*>(data), std::min(size, target.input_left));
  const net::IoResult read = target.transport->read_some(room);
  const int result = note_result(bio, read, room.size(), done);
  target.input_left -= *done;
  if (*done > 0) target.received_at = read.received_at;
  return result;
}

int write_bio(BIO* bio, const char* data, std::size_t size, std::size_t* done) {
  TransportBio& target = target_of(bio);
  const Bytes bytes(reinterpret_cast<const std::byte*>(data), size);
  net::IoResult written{.status = net::IoStatus::ok, .bytes = size};
  if (!target.write_error) written = target.transport->write_some(bytes);
  const bool is_false = written.is_ok() && (written.bytes == 0 || written.bytes > size);
  if (is_false) written = net::IoResult::failure(make_error_code(std::errc::io_error));
  if (written.status == net::IoStatus::error) {
    target.write_error = written.error;
    written = {.status = net::IoStatus::ok, .bytes = size};
  }
  return note_result(bio, written, size, done);
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
