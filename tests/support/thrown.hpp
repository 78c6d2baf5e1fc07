// thrown.hpp - the exception that a call throws, as a value to compare.
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

/// Returns the name of an exception's class in this library ("WebSocketTimeoutException"),
/// "std::system_error", or "std::exception" for all others.
[[nodiscard]] std::string type_name(const std::exception& error);
/// Runs the call and returns what it threw; the type "nothing" if it returned.
[[nodiscard]] Thrown thrown_by(const std::function<void()>& call);
/// The same for a call with a result, which is ignored.
template <class Call>
[[nodiscard]] Thrown refusal_of(Call call) {
  return thrown_by([&] { (void)call(); });
}

/// Returns the text of the exception that the call throws; empty if it throws none.
template <class Call>
[[nodiscard]] std::string what_of(Call call) {
  try {
    (void)call();
  } catch (const std::exception& error) {
    return error.what();
  }
  return {};
}

// Expected values for thrown_by().
[[nodiscard]] Thrown nothing_thrown();
[[nodiscard]] Thrown closed_exception(Errc code = Errc::connection_closed);
[[nodiscard]] Thrown timeout_exception(Errc code);
[[nodiscard]] Thrown protocol_exception(Errc code);
[[nodiscard]] Thrown plain_exception(std::error_code code);

}  // namespace wirespan::test
