#include <wirespan/core/overloaded.hpp> // IWYU pragma: associated
