#include "cases/build.hpp"
namespace conformance { void add_masking(Cases&) {} }
