#include <wirespan/core/connection.hpp> // IWYU pragma: associated
