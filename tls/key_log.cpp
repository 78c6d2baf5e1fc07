// key_log.cpp - appends TLS session keys to the file that SSLKEYLOGFILE names.
#include <cstdlib>
#include <string>

#include <fcntl.h>
#include <openssl/ssl.h>
#include <unistd.h>

#include <wirespan/net/unique_fd.hpp>
#include <wirespan/tls/key_log.hpp>

namespace wirespan::tls {
namespace {

/// Appends one line by one write() to a file opened with O_APPEND, so that processes may share it.
void append_key(const SSL*, const char* line) {
  const char* path = std::getenv("SSLKEYLOGFILE");
  if (path == nullptr || *path == '\0') return;
  const net::UniqueFd file(::open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!file.is_open()) return;
  const std::string text = std::string(line) + "\n";
  const auto written = ::write(file.get(), text.data(), text.size());
  (void)written;  // a debugging aid: the connection does not depend on it
}

}  // namespace

void log_keys_if_asked(::ssl_ctx_st* context) {
  const char* path = std::getenv("SSLKEYLOGFILE");
  if (path != nullptr && *path != '\0') ::SSL_CTX_set_keylog_callback(context, append_key);
}

}  // namespace wirespan::tls
