#include <wirespan/core/byte_buffer.hpp> // IWYU pragma: associated
