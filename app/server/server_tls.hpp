// server_tls.hpp - the TLS context of a server, which may change while it serves. Private.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <system_error>

#include <wirespan/tls/context.hpp>
#include <wirespan/tls/options.hpp>

namespace wirespan {

/// The context that new connections get: made from ServerOptions::tls, and again by reload(). Open
/// connections keep the one that they began with. Any thread.
class ServerTls {
 public:
  explicit ServerTls(const std::optional<tls::ServerOptions>& options);

  /// True if the server speaks TLS, whether or not its certificate can be used.
  [[nodiscard]] bool is_on() const noexcept { return is_on_; }
  /// The error of the first context, and the name of the file or option that it concerns.
  [[nodiscard]] std::error_code error() const noexcept { return error_; }
  [[nodiscard]] const std::string& detail() const noexcept { return detail_; }

  /// The context of now. Requires that there is one: is_on() without an error().
  [[nodiscard]] tls::Context current() const;
  /// Makes another context from these options, or from the latest ones. After an error the old one
  /// stays; `detail` then names the file or option.
  [[nodiscard]] std::error_code reload(const tls::ServerOptions* options, std::string& detail);

  /// The state of the files that the latest options name, by stat(), and the state that they had
  /// when reading them was tried last. Requires is_on().
  [[nodiscard]] std::string file_states() const;
  [[nodiscard]] std::string states_read() const;

 private:
  [[nodiscard]] tls::ServerOptions latest_options() const;

  const bool is_on_;
  mutable std::mutex mutex_;  // guards options_, context_ and states_read_
  std::optional<tls::ServerOptions> options_;
  std::string states_read_;
  std::optional<tls::Context> context_;
  std::error_code error_;
  std::string detail_;
};

}  // namespace wirespan
