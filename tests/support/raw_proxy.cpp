// raw_proxy.cpp - scripts of HTTP and SOCKS proxies. RFC 9110 §9.3.6, RFC 1928, RFC 1929.
#include "support/raw_proxy.hpp"

#include <cstdint>
#include <utility>

namespace wirespan::test {
namespace {

unsigned at(const std::string& bytes, std::size_t index) {
  return static_cast<unsigned char>(bytes.at(index));
}

std::uint16_t port_at(const std::string& bytes, std::size_t index) {
  return static_cast<std::uint16_t>(at(bytes, index) << 8 | at(bytes, index + 1));
}

std::string dotted(const std::string& bytes) {
  std::string text;
  for (std::size_t i = 0; i < 4; ++i) text += (i > 0 ? "." : "") + std::to_string(at(bytes, i));
  return text;
}

/// Reads up to and including a NUL, and returns what was before it.
std::string text_before_nul(RawPeer& peer) {
  std::string text = peer.read_until(std::string_view("\0", 1));
  text.pop_back();
  return text;
}

void relay_to(RawPeer& client, std::uint16_t port) {
  RawPeer server = RawPeer::to_port(port);
  relay(client, server);
}

void serve_socks4(RawPeer& peer, ProxyLog& log) {
  const std::string fixed = peer.read_exactly(7);  // behind the version
  const std::uint16_t port = port_at(fixed, 1);
  const std::string user = text_before_nul(peer);
  const std::string address = fixed.substr(3);
  const bool is_name = address.substr(0, 3) == std::string(3, '\0') && address[3] != '\0';
  log.note("4 " + (is_name ? "name " + text_before_nul(peer) : "address " + dotted(address)) + " " +
           std::to_string(port) + " " + user);
  (void)peer.write(std::string("\0\x5A\0\0\0\0\0\0", 8));
  relay_to(peer, port);
}

std::string read_credentials(RawPeer& peer) {
  (void)peer.write(std::string("\x05\x02", 2));
  (void)peer.read_exactly(1);
  const std::string user = peer.read_exactly(at(peer.read_exactly(1), 0));
  const std::string password = peer.read_exactly(at(peer.read_exactly(1), 0));
  (void)peer.write(std::string("\x01\0", 2));
  return user + ":" + password + " ";
}

void serve_socks5(RawPeer& peer, ProxyLog& log, bool wants_password) {
  (void)peer.read_exactly(at(peer.read_exactly(1), 0));  // the methods offered
  std::string note = wants_password ? read_credentials(peer) : "";
  if (!wants_password) (void)peer.write(std::string("\x05\0", 2));
  const unsigned type = at(peer.read_exactly(4), 3);
  if (type == 3) {
    note += "5 name " + peer.read_exactly(at(peer.read_exactly(1), 0));
  } else {
    note += "5 address " + dotted(peer.read_exactly(type == 1 ? 4 : 16));
  }
  const std::uint16_t port = port_at(peer.read_exactly(2), 0);
  log.note(note + " " + std::to_string(port));
  (void)peer.write(std::string("\x05\0\0\x01\0\0\0\0\0\0", 10));
  relay_to(peer, port);
}

}  // namespace

void relay(RawPeer& client, RawPeer& server) {
  const auto pass = [](RawPeer& from, RawPeer& to) {
    if (!from.has_input(Milliseconds(1))) return true;
    const std::string bytes = from.read_some();
    return !bytes.empty() && to.write(bytes);
  };
  while (pass(client, server) && pass(server, client)) {
  }
  client.finish();
  server.finish();
}

void ProxyLog::note(std::string request) {
  const std::lock_guard lock(mutex_);
  requests_.push_back(std::move(request));
}

std::vector<std::string> ProxyLog::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

RawServer::Script http_proxy(ProxyLog& log, ProxyAnswer answer) {
  return [&log, answer = std::move(answer)](RawPeer& peer) {
    const std::string request = peer.read_head();
    log.note(request);
    const std::string response = answer(request);
    if (!peer.write(response) || !response.starts_with("HTTP/1.1 2")) return;
    const std::size_t end = request.find(" HTTP/");
    const std::size_t colon = request.rfind(':', end);
    relay_to(peer,
             static_cast<std::uint16_t>(std::stoul(request.substr(colon + 1, end - colon - 1))));
  };
}

RawServer::Script socks_proxy(ProxyLog& log, bool wants_password) {
  return [&log, wants_password](RawPeer& peer) {
    const unsigned version = at(peer.read_exactly(1), 0);
    version == 4 ? serve_socks4(peer, log) : serve_socks5(peer, log, wants_password);
  };
}

}  // namespace wirespan::test
