#include <wirespan/core/block.hpp> // IWYU pragma: associated
