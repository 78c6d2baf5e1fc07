#include "cases/build.hpp"
namespace conformance { void add_deflate_abuse(Cases&) {} }
