#include <wirespan/core/client_handshake.hpp> // IWYU pragma: associated
