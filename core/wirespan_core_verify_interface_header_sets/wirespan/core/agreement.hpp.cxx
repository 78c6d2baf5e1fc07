#include <wirespan/core/agreement.hpp> // IWYU pragma: associated
