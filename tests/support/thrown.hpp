// thrown.hpp - which exception a call throws, as a value to compare.
#pragma once

#include <functional>
#include <ostream>
#include <string>
#include <system_error>

#include <wirespan/app/exceptions.hpp>
#include <wirespan/core/error.hpp>

namespace wirespan::test {

struct Thrown {
  std::string type;
  std::error_code code{};
  bool operator==(const Thrown&) const = default;
};
void PrintTo(const Thrown& thrown, std::ostream* out);

/// The name of its class as this library has it: "WebSocketTimeoutException"; for others
/// "std::exception".
[[nodiscard]] std::string type_name(const std::exception& error);
/// What the call throws; the type "nothing" if it returns.
[[nodiscard]] Thrown thrown_by(const std::function<void()>& call);
/// The same for a call with a result, which does not matter.
template <class Call>
[[nodiscard]] Thrown refusal_of(Call call) {
  return thrown_by([&] { (void)call(); });
}

/// The text of the exception; empty if there is none.
template <class Call>
[[nodiscard]] std::string what_of(Call call) {
  try {
    (void)call();
  } catch (const std::exception& error) {
    return error.what();
  }
  return {};
}

// What tests expect.
[[nodiscard]] Thrown nothing_thrown();
[[nodiscard]] Thrown closed_exception(Errc code = Errc::connection_closed);
[[nodiscard]] Thrown timeout_exception(Errc code);
[[nodiscard]] Thrown protocol_exception(Errc code);
[[nodiscard]] Thrown plain_exception(std::error_code code);

}  // namespace wirespan::test
