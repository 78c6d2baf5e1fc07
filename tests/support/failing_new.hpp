// failing_new.hpp - operator new of the whole program asks the test whether it fails. Only programs
// that link failing_new.cpp have it.
#pragma once

namespace wirespan::test {

/// Defined by the program: asked before each allocation, on any thread. True: there is no memory
/// for it. Must not allocate.
[[nodiscard]] bool allocation_fails() noexcept;

}  // namespace wirespan::test
