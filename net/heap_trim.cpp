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
