// transport.cpp - construction of a Transport with its trace, and its gather write.
#include <algorithm>

#include <wirespan/app/common/transport.hpp>
#include <wirespan/app/log.hpp>

namespace wirespan {
namespace {

std::unique_ptr<WireTrace> trace_if_enabled() {
  return is_trace_enabled() ? std::make_unique<WireTrace>() : nullptr;
}

}  // namespace

Transport::Transport(net::TcpSocket socket)
    : stream_(std::move(socket)), trace_(trace_if_enabled()) {}

Transport::Transport(tls::TlsStream stream)
    : stream_(std::move(stream)), trace_(trace_if_enabled()) {}

net::IoResult Transport::write_pieces(std::span<const Bytes> pieces) {
  const auto result = is_tls() ? secured()->write_pieces(pieces) : plain()->write_pieces(pieces);
  if (!trace_) return result;
  std::size_t left = result.bytes;
  for (const Bytes piece : pieces) {
    const std::size_t size = std::min(left, piece.size());
    trace_->sent(piece.first(size));
    left -= size;
  }
  return result;
}

}  // namespace wirespan
