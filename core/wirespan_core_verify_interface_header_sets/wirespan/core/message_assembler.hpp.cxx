#include <wirespan/core/message_assembler.hpp> // IWYU pragma: associated
