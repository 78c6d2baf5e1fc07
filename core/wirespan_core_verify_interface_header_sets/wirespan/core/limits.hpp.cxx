#include <wirespan/core/limits.hpp> // IWYU pragma: associated
