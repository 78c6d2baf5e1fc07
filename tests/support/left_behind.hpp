// left_behind.hpp - checks after every test that no descriptor and no thread is left over.
#pragma once

namespace wirespan::test {

[[nodiscard]] int count_descriptors();
[[nodiscard]] int threads();

/// Installs the check; called before main(), by one file of a test program. After a name look-up, a
/// thread of the library's pool may stay alive for a while: such a test calls threads_may_rest().
bool watch_for_leftovers();
void threads_may_rest();

}  // namespace wirespan::test
