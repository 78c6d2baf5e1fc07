#include <wirespan/core/close_code.hpp> // IWYU pragma: associated
