#include <wirespan/core/utf8.hpp> // IWYU pragma: associated
