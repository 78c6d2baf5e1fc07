#include <wirespan/core/keep_alive.hpp> // IWYU pragma: associated
