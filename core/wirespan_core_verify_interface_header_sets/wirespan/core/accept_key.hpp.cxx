#include <wirespan/core/accept_key.hpp> // IWYU pragma: associated
