// file_state.hpp - tells whether files of keys and certificates have changed. Private.
#pragma once

#include <string>

#include <wirespan/tls/options.hpp>

namespace wirespan::tls {

/// Returns the state of a file or folder: its inode, size and times, which change when it is
/// written or replaced. Empty if there is none.
[[nodiscard]] std::string file_state(const std::string& path);

/// Returns the state of all files that the options name. Equal for equal states, for as long as the
/// options stay the same.
[[nodiscard]] std::string file_states(const ServerOptions& options);

}  // namespace wirespan::tls
