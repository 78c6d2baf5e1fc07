#include <wirespan/core/bytes.hpp> // IWYU pragma: associated
