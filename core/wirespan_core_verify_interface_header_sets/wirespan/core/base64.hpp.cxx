#include <wirespan/core/base64.hpp> // IWYU pragma: associated
