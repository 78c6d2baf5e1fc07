#include <wirespan/core/opcode.hpp> // IWYU pragma: associated
