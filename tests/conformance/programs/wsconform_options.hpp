// wsconform_options.hpp - what both commands of wsconform have on their command lines.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "cases/cases.hpp"

namespace conformance {

namespace status {
inline constexpr int good = 0;
inline constexpr int different = 1;
inline constexpr int usage = 2;
inline constexpr int unreachable = 3;
}  // namespace status

/// Options of a run in either role.
struct RunOptions {
  std::string cases = "1.*,2.*,3.*,4.*,5.*,6.*,7.*,9.*,10.*,12.*,13.*";  ///< Autobahn's groups.
  std::string excluded;
  std::string folder;
  std::string junit;           ///< File; empty: none.
  std::string baseline;        ///< File; empty: every case has to pass.
  std::string write_baseline;  ///< File; empty: none.
  double time_scale = 1;
  bool json = false;
  bool quiet = false;
  bool list = false;
};

/// Adds them to a command; `folder` is the default of --outdir.
void add_run_options(CLI::App& command, RunOptions& options, const char* folder);

/// The cases that the options select for the suite's own role.
[[nodiscard]] Cases cases_of(const RunOptions& options, Role role);

/// Prints the cases with their clauses.
void list_cases(const Cases& cases);

/// The command `server`: judges a server. Adds its options; the result of run() is the exit status.
class ServerCommand {
 public:
  explicit ServerCommand(CLI::App& command);
  [[nodiscard]] int run();

  struct Settings {
    RunOptions run;
    std::string url = "ws://127.0.0.1:9001";
    std::string agent;
    std::string ca_file;
    std::size_t jobs = 1;
    bool insecure = false;
  };

 private:
  Settings settings_;
};

/// The command `client`: listens, and judges the clients that come.
class ClientCommand {
 public:
  explicit ClientCommand(CLI::App& command);
  [[nodiscard]] int run();

  struct Settings {
    RunOptions run;
    std::uint16_t port = 9001;
    bool tls = false;
    std::string certificate;
    std::string key;
    std::vector<std::string> client;  ///< Program and arguments to start; empty: none.
  };

 private:
  Settings settings_;
};

}  // namespace conformance
