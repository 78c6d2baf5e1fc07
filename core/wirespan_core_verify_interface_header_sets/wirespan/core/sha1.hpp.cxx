#include <wirespan/core/sha1.hpp> // IWYU pragma: associated
