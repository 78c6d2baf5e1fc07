#include <wirespan/core/mask.hpp> // IWYU pragma: associated
