#include <wirespan/core/ascii.hpp> // IWYU pragma: associated
