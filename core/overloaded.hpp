// overloaded.hpp - one callable out of several, for std::visit.
#pragma once

namespace wirespan {

template <class... Callables>
struct Overloaded : Callables... {
  using Callables::operator()...;
};
template <class... Callables>
Overloaded(Callables...) -> Overloaded<Callables...>;  // Clang before 17 needs it

}  // namespace wirespan
