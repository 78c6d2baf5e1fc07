// wsdump.cpp - talks to a WebSocket server from a terminal, a pipe or a script. See
// app/guide/wsdump.md.
#include <exception>
#include <system_error>
#include <utility>
#include <variant>

#include "wsdump_input.hpp"
#include "wsdump_options.hpp"
#include "wsdump_output.hpp"
#include "wsdump_session.hpp"

namespace {

int run(wsdump::Options options) {
  auto input = wsdump::make_input(options);
  wsdump::Session session(std::move(options), std::move(input));
  return session.run();
}

}  // namespace

int main(int argc, char** argv) {
  try {
    auto parsed = wsdump::parse_options(argc, argv);
    if (const int* status = std::get_if<int>(&parsed)) return *status;
    return run(std::get<wsdump::Options>(std::move(parsed)));
  } catch (const wsdump::InputError& error) {
    wsdump::print_error(error.what());
    return wsdump::status::usage;
  } catch (const std::system_error& error) {
    wsdump::print_error(error.what());
    return wsdump::status::output;
  } catch (const std::exception& error) {
    wsdump::print_error(error.what());
    return wsdump::status::lost;
  }
}
