// wsconform.cpp - judges WebSocket servers and clients. See app/guide/wsconform.md.
#include <csignal>
#include <cstdio>
#include <exception>

#include "programs/wsconform_options.hpp"
#include "wire/link.hpp"

namespace {

using namespace conformance;

int run(int argc, char** argv) {
  CLI::App cli("Judges WebSocket implementations: RFC 6455 and RFC 7692.", "wsconform");
  cli.require_subcommand(1);
  CLI::App& server = *cli.add_subcommand("server", "Judge a server that echoes");
  CLI::App& client = *cli.add_subcommand("client", "Listen on 127.0.0.1 and judge clients");
  ServerCommand judge_server(server);
  ClientCommand judge_client(client);
  try {
    cli.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return cli.exit(error) == 0 ? status::good : status::usage;
  }
  return server.parsed() ? judge_server.run() : judge_client.run();
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
  try {
    return run(argc, argv);
  } catch (const LinkError& error) {
    std::fprintf(stderr, "wsconform: %s\n", error.what());
    return status::unreachable;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "wsconform: %s\n", error.what());
    return status::usage;
  }
}
