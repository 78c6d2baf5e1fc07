#include <wirespan/core/frame.hpp> // IWYU pragma: associated
