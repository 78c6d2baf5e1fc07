#include "cases/build.hpp"
namespace conformance { void add_bad_requests(Cases&) {} }
