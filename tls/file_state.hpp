// file_state.hpp - tells whether files of keys and certificates have changed.
#pragma once

#include <string>

#include <wirespan/tls/options.hpp>

namespace wirespan::tls {

/// Returns the state of a file or folder: its inode, size and times, which change when it is
/// written or replaced. Empty if there is none.
[[nodiscard]] std::string file_state(const std::string& path);

/// Returns the state of all files that the options name: another text once one of them has changed.
/// For comparing with an earlier one of the same options.
[[nodiscard]] std::string file_states(const ServerOptions& options);

}  // namespace wirespan::tls
