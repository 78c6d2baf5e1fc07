// Every system call of a server's and a client's life fails once, with each error that it can give:
// the error is told, nothing is left, and the next client is served.
#include <map>
#include <string>
#include <system_error>
#include <vector>

#include <gtest/gtest.h>

#include "simulation/life_verdict.hpp"

namespace wirespan::test {
namespace {

using net::SimulatedCall;

const std::vector<std::errc>& errors_of(SimulatedCall call) {
  using enum std::errc;
  static const std::map<SimulatedCall, std::vector<std::errc>> all{
      {SimulatedCall::open,
       {too_many_files_open, too_many_files_open_in_system, no_buffer_space, not_enough_memory,
        permission_denied}},
      {SimulatedCall::bind, {address_in_use, address_not_available, permission_denied}},
      {SimulatedCall::connect,
       {network_unreachable, host_unreachable, connection_refused, address_not_available,
        permission_denied, timed_out, resource_unavailable_try_again}},
      {SimulatedCall::listen, {address_in_use, address_not_available, permission_denied}},
      {SimulatedCall::accept,
       {connection_aborted, too_many_files_open, too_many_files_open_in_system, no_buffer_space,
        not_enough_memory, operation_not_permitted, protocol_error, network_down,
        host_unreachable}},
      {SimulatedCall::read,
       {connection_reset, timed_out, host_unreachable, not_enough_memory, io_error}},
      {SimulatedCall::write,
       {broken_pipe, connection_reset, timed_out, no_buffer_space, not_enough_memory,
        network_unreachable, operation_not_permitted}},
      {SimulatedCall::set_option, {no_protocol_option, invalid_argument, operation_not_permitted}},
      {SimulatedCall::local_endpoint, {no_buffer_space}},
      {SimulatedCall::peer_endpoint, {not_connected}},
      {SimulatedCall::resolve, {resource_unavailable_try_again, not_enough_memory}},
      {SimulatedCall::start_thread, {resource_unavailable_try_again}},
      {SimulatedCall::make_poller, {too_many_files_open, not_enough_memory}},
      {SimulatedCall::watch, {no_space_on_device, not_enough_memory, operation_not_permitted}},
      {SimulatedCall::random, {io_error, function_not_supported}},
  };
  return all.at(call);
}

/// The calls of a life without a fault, in their order.
std::vector<SimulatedCall> calls_of(const LifePlan& plan) {
  std::vector<SimulatedCall> calls;
  const LifeReport report = live(plan, {.of_calls = [&](SimulatedCall call) {
                                   calls.push_back(call);
                                   return std::error_code();
                                 }});
  EXPECT_EQ(report.first, "done");
  EXPECT_EQ(report.second, "done");
  for (const std::string& broken : report.broken) ADD_FAILURE() << broken;
  return calls;
}

class FailurePoints : public ::testing::TestWithParam<LifePlan> {};
INSTANTIATE_TEST_SUITE_P(Of, FailurePoints, ::testing::ValuesIn(life_plans()),
                         [](const auto& info) { return info.param.name; });

TEST_P(FailurePoints, each_call_fails_once_with_each_error) {
  const std::vector<SimulatedCall> calls = calls_of(GetParam());
  ASSERT_GT(calls.size(), 40U);
  std::size_t points = 0;
  for (std::size_t n = 0; n < calls.size(); ++n) {
    for (const std::errc error : errors_of(calls[n])) {
      std::size_t asked = 0;
      const LifeReport report = live(GetParam(), {.of_calls = [&](SimulatedCall) {
                                       const bool fails = asked++ == n;
                                       return fails ? make_error_code(error) : std::error_code();
                                     }});
      ++points;
      expect_good_end(report, "call " + std::to_string(n) + " of kind " +
                                  std::to_string(static_cast<int>(calls[n])) + ": " +
                                  make_error_code(error).message());
      if (HasFailure()) return;
    }
  }
  RecordProperty("points", static_cast<int>(points));
  std::printf("%zu failure points\n", points);
}

}  // namespace
}  // namespace wirespan::test
