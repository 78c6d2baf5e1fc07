// heap_trim.cpp - asks the C library (glibc's malloc_trim) to return free memory to the system.
#include <cstdlib>

#include <wirespan/net/heap_trim.hpp>
#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace wirespan::net {

void HeapTrim::trim() noexcept {
#ifdef __GLIBC__
  (void)malloc_trim(0);
#endif
}

}  // namespace wirespan::net
