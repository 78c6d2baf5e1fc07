// life_verdict.hpp - what must hold at the end of a life in which one call has failed.
#pragma once

#include <string>

#include <gtest/gtest.h>

#include "simulation/failure_points.hpp"

namespace wirespan::test {

/// No rule was broken, the first client knows how it ended, and the second one was served. `where`
/// names the call that has failed.
inline void expect_good_end(const LifeReport& report, const std::string& where) {
  SCOPED_TRACE(where + "; first: " + report.first);
  for (const std::string& broken : report.broken) ADD_FAILURE() << broken;
  EXPECT_FALSE(report.first.empty());
  if (report.served) {
    EXPECT_EQ(report.second, "done");
  }
}

}  // namespace wirespan::test
