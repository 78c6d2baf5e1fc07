// left_behind.cpp - counts descriptors and threads before and after each test.
#include "support/left_behind.hpp"

#include <filesystem>
#include <thread>

#include <gtest/gtest.h>

#include "support/raw_server.hpp"

namespace wirespan::test {
namespace {

bool threads_rest = false;

int entries_of(const char* folder) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    (void)entry;
    ++count;
  }
  return count;
}

class Gate final : public ::testing::EmptyTestEventListener {
 public:
  /// Lets the thread sanitizer start its own thread first, as it does beside the first of a
  /// process.
  void OnTestProgramStart(const ::testing::UnitTest&) override {
    std::thread([] {}).join();
  }

  void OnTestStart(const ::testing::TestInfo&) override {
    descriptors_ = count_descriptors();
    threads_ = threads();
  }

  /// Waits for a while: a peer's thread releases its descriptors shortly after the end of the test.
  void OnTestEnd(const ::testing::TestInfo&) override {
    if (!eventually([this] { return count_descriptors() <= descriptors_; }, 2s)) {
      ADD_FAILURE() << count_descriptors() - descriptors_ << " descriptors left over";
    }
    if (!threads_rest && !eventually([this] { return threads() <= threads_; }, 2s)) {
      ADD_FAILURE() << threads() - threads_ << " threads left over";
    }
  }

 private:
  int descriptors_ = 0;
  int threads_ = 0;
};

}  // namespace

int count_descriptors() {
  return entries_of("/proc/self/fd") - 1;
}  // one is the open /proc/self/fd

int threads() { return entries_of("/proc/self/task"); }

bool watch_for_leftovers() {
  ::testing::UnitTest::GetInstance()->listeners().Append(new Gate);
  return true;
}

void threads_may_rest() { threads_rest = true; }

}  // namespace wirespan::test
