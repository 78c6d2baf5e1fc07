#include <wirespan/core/server_handshake.hpp> // IWYU pragma: associated
