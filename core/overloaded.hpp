// overloaded.hpp - combines several callables into one overload set, for std::visit.
#pragma once

#include <wirespan/core/cxx20.hpp>

namespace wirespan {

/// An overload set of lambdas: Overloaded{[](A) {...}, [](B) {...}}.
template <class... Callables>
struct Overloaded : Callables... {
  using Callables::operator()...;
};
/// Clang before 17 needs this guide.
template <class... Callables>
Overloaded(Callables...) -> Overloaded<Callables...>;

}  // namespace wirespan
