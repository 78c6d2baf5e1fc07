// Adds TLS to the kinds of connection that the tests of app run over.
#include "support/tls_link.hpp"

namespace wirespan::test {
namespace {

[[maybe_unused]] const bool added = add_link(tls_link());

}  // namespace
}  // namespace wirespan::test
