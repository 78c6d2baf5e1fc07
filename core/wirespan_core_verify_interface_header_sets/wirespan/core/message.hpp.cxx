#include <wirespan/core/message.hpp> // IWYU pragma: associated
