// case_name.hpp - names for the rows of parameterised tests, shown in the list of tests.
#pragma once

#include <string>

#include <gtest/gtest.h>

#include <wirespan/core/opcode.hpp>

namespace wirespan::test {

/// Names a row after its member `name`.
template <class Case>
std::string case_name(const ::testing::TestParamInfo<Case>& info) {
  return info.param.name;
}

inline std::string role_name(const ::testing::TestParamInfo<Role>& info) {
  return info.param == Role::server ? "server" : "client";
}

}  // namespace wirespan::test
