#include <wirespan/core/error.hpp> // IWYU pragma: associated
