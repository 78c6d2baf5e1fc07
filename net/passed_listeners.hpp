// passed_listeners.hpp - listening sockets that a process is started with, as by systemd.
#pragma once

#include <string>
#include <vector>

#include <wirespan/core/cxx20.hpp>

namespace wirespan::net {

/// A socket that was opened before the process began.
struct PassedListener {
  int descriptor = -1;  ///< Closed on exec from now on; the caller's.
  std::string name{};   ///< As LISTEN_FDNAMES tells it (FileDescriptorName= of a .socket unit).
};

/// Returns the sockets that were passed to this process by the protocol of sd_listen_fds(3): the
/// environment variables LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES. Removes the variables, so that
/// no child takes the sockets for its own, and a second call returns none. Empty if the variables
/// are not there, are meant for another process, or have no number where one belongs. Call it
/// before other threads read the environment.
[[nodiscard]] std::vector<PassedListener> passed_listeners();

}  // namespace wirespan::net
