#include <wirespan/core/http_head.hpp> // IWYU pragma: associated
