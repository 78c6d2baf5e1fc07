// ServerOptions::certificate_check_interval: certificates that are replaced in their files are read
// without a call.
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "support/log_lines.hpp"
#include "support/reloading_server.hpp"

namespace wirespan::test {
namespace {

constexpr Milliseconds interval = 20ms;

TEST(CertificateWatch, files_that_have_changed_are_read_and_open_connections_go_on) {
  CertificateInPlace files(old_certificate());
  Reloading running(files, 2, interval);
  WebSocket before = running.connect(old_certificate());
  for (const auto& next : {new_certificate(), old_certificate(), new_certificate()}) {
    files.put(next);
    EXPECT_TRUE(eventually([&] { return running.shows(next); }));
  }
  before.send("still here");
  EXPECT_EQ(before.recv().data, "still here");
}

TEST(CertificateWatch, a_certificate_without_its_key_is_told_once_and_the_old_one_stays) {
  const LogLines log(LogLevel::info);
  CertificateInPlace files(old_certificate());
  Reloading running(files, 1, interval);
  files.put_certificate(new_certificate());
  EXPECT_TRUE(eventually([&] { return !log.get().empty(); }));
  std::this_thread::sleep_for(10 * interval);
  EXPECT_TRUE(running.shows(old_certificate()));
  files.put_key(new_certificate());
  EXPECT_TRUE(eventually([&] { return running.shows(new_certificate()); }));
  const std::vector<std::string> lines = log.get();
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_TRUE(lines[0].starts_with("the certificates stay as they are: ")) << lines[0];
  EXPECT_NE(lines[0].find(".key\": "), std::string::npos) << lines[0];
  EXPECT_EQ(lines[1], "the certificates were read again: a file has changed");
}

TEST(CertificateWatch, a_file_that_is_gone_or_spoilt_changes_nothing_until_it_is_back) {
  CertificateInPlace files(old_certificate());
  Reloading running(files, 1, interval);
  files.spoil();
  std::this_thread::sleep_for(4 * interval);
  EXPECT_TRUE(running.shows(old_certificate()));
  std::filesystem::remove(files.path());
  std::this_thread::sleep_for(4 * interval);
  EXPECT_TRUE(running.shows(old_certificate()));
  files.put(new_certificate());
  EXPECT_TRUE(eventually([&] { return running.shows(new_certificate()); }));
}

TEST(CertificateWatch, nothing_is_read_without_an_interval) {
  for (const Milliseconds never : {Milliseconds(0), Milliseconds::min()}) {
    CertificateInPlace files(old_certificate());
    Reloading running(files, 1, never);
    files.put(new_certificate());
    std::this_thread::sleep_for(10 * interval);
    EXPECT_TRUE(running.shows(old_certificate()));
  }
}

}  // namespace
}  // namespace wirespan::test
