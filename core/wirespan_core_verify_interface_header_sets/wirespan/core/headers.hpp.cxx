#include <wirespan/core/headers.hpp> // IWYU pragma: associated
