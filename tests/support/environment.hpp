// environment.hpp - sets an environment variable for the lifetime of an object.
#pragma once

#include <cstdlib>
#include <string>

namespace wirespan::test {

/// Sets a variable of the environment and removes it at its destruction; an earlier value is lost.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) {
    ::setenv(name, value.c_str(), 1);
  }
  ~Variable() { ::unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
};

}  // namespace wirespan::test
