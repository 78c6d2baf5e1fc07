// beast_echo.cpp - echo server on Boost.Beast, set up for speed: asynchronous, a concrete executor,
// an io_context without locks, no compression, one frame per message.
// `beast_echo PORT [CERTIFICATE KEY | none | stream]`; the last two compress.
#include <cstdlib>
#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>

namespace asio = boost::asio;
namespace websocket = boost::beast::websocket;
using tcp = asio::ip::tcp;
using Socket = asio::basic_stream_socket<tcp, asio::io_context::executor_type>;
using TlsSocket = asio::ssl::stream<Socket>;
using boost::beast::error_code;

/// The context of compressed messages, none or stream; empty: they are not compressed.
std::string compression;

websocket::permessage_deflate deflate_options() {
  websocket::permessage_deflate options;
  options.server_enable = true;
  options.server_no_context_takeover = compression == "none";
  options.client_no_context_takeover = compression == "none";
  options.compLevel = 6;
  options.memLevel = 8;
  return options;
}

template <class Next>
class Session : public std::enable_shared_from_this<Session<Next>> {
 public:
  template <class... Arguments>
  explicit Session(Arguments&&... arguments) : stream_(std::forward<Arguments>(arguments)...) {}

  void start() {
    if constexpr (std::is_same_v<Next, TlsSocket>) {
      stream_.next_layer().async_handshake(asio::ssl::stream_base::server,
                                           [self = this->shared_from_this()](error_code error) {
                                             if (!error) self->upgrade();
                                           });
    } else {
      upgrade();
    }
  }

 private:
  void upgrade() {
    stream_.read_message_max(0);
    stream_.auto_fragment(false);
    if (!compression.empty()) stream_.set_option(deflate_options());
    stream_.async_accept([self = this->shared_from_this()](error_code error) {
      if (!error) self->read();
    });
  }
  void read() {
    stream_.async_read(buffer_, [self = this->shared_from_this()](error_code error, std::size_t) {
      if (!error) self->write();
    });
  }
  void write() {
    stream_.binary(stream_.got_binary());
    stream_.async_write(buffer_.data(),
                        [self = this->shared_from_this()](error_code error, std::size_t) {
                          if (error) return;
                          self->buffer_.consume(self->buffer_.size());
                          self->read();
                        });
  }

  websocket::stream<Next> stream_;
  boost::beast::flat_buffer buffer_;
};

using Acceptor = asio::basic_socket_acceptor<tcp, asio::io_context::executor_type>;

void accept(Acceptor& acceptor, asio::ssl::context* tls) {
  acceptor.async_accept([&acceptor, tls](error_code error, Socket socket) {
    if (!error) {
      socket.set_option(tcp::no_delay(true));
      if (tls != nullptr) {
        std::make_shared<Session<TlsSocket>>(std::move(socket), *tls)->start();
      } else {
        std::make_shared<Session<Socket>>(std::move(socket))->start();
      }
    }
    accept(acceptor, tls);
  });
}

int main(int argc, char** argv) {
  if (argc < 2 || argc > 4) return 2;
  if (argc == 3) compression = argv[2];
  asio::io_context context(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE);
  asio::ssl::context tls(asio::ssl::context::tls_server);
  if (argc == 4) {
    tls.use_certificate_chain_file(argv[2]);
    tls.use_private_key_file(argv[3], asio::ssl::context::pem);
    ::SSL_CTX_set_mode(tls.native_handle(), SSL_MODE_RELEASE_BUFFERS);
  }
  const auto port = static_cast<unsigned short>(std::atoi(argv[1]));
  Acceptor acceptor(context, tcp::endpoint(asio::ip::address_v4::loopback(), port));
  acceptor.listen(1024);
  accept(acceptor, argc == 4 ? &tls : nullptr);
  context.run();
}
