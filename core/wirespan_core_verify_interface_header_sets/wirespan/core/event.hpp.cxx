#include <wirespan/core/event.hpp> // IWYU pragma: associated
