// hello_core.cpp - the protocol alone: prints the accept key of RFC 6455, section 1.3.
#include <cstdio>
#include <string>

#include <wirespan/core/accept_key.hpp>

int main() {
  const auto accept = wirespan::accept_for("dGhlIHNhbXBsZSBub25jZQ==");
  std::puts(std::string(accept.begin(), accept.end()).c_str());
}
