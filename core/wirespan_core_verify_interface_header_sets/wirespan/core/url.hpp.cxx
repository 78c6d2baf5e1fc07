#include <wirespan/core/url.hpp> // IWYU pragma: associated
