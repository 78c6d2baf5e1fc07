// left_behind.hpp - a gate that every test passes: no descriptor and no thread may be left over.
#pragma once

namespace wirespan::test {

[[nodiscard]] int open_descriptors();
[[nodiscard]] int threads();

/// Called before main(), by one file of a test program. Where names were looked up, a thread of the
/// library may rest for a while; call threads_may_rest() in such a test.
bool watch_for_leftovers();
void threads_may_rest();

}  // namespace wirespan::test
