#include "cases/build.hpp"
namespace conformance { void add_offers(Cases&) {} }
