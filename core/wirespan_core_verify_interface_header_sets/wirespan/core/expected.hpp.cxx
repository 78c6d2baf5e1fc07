#include <wirespan/core/expected.hpp> // IWYU pragma: associated
