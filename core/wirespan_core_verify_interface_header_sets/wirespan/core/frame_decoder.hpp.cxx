#include <wirespan/core/frame_decoder.hpp> // IWYU pragma: associated
