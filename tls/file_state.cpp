// file_state.cpp - the state of files, by stat().
#include <cstdint>

#include <sys/stat.h>

#include <wirespan/tls/file_state.hpp>

namespace wirespan::tls {

std::string file_state(const std::string& path) {
  struct stat state {};
  if (path.empty() || ::stat(path.c_str(), &state) != 0) return {};
  std::string text;
  for (const auto number :
       {static_cast<std::uint64_t>(state.st_dev), static_cast<std::uint64_t>(state.st_ino),
        static_cast<std::uint64_t>(state.st_size)}) {
    text += std::to_string(number) + " ";
  }
  for (const timespec& time : {state.st_mtim, state.st_ctim}) {
    text += std::to_string(time.tv_sec) + "." + std::to_string(time.tv_nsec) + " ";
  }
  return text;
}

std::string file_states(const ServerOptions& options) {
  std::string states;
  for (const auto* path : {&options.certificate_file, &options.key_file, &options.client_ca_file}) {
    states += file_state(*path) + "\n";
  }
  for (const ServerCertificate& more : options.more_certificates) {
    states += file_state(more.certificate_file) + "\n" + file_state(more.key_file) + "\n";
  }
  return states;
}

}  // namespace wirespan::tls
