#include <wirespan/core/extensions.hpp> // IWYU pragma: associated
