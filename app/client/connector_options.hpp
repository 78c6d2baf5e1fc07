// connector_options.hpp - the options of a connection that concern its sockets, checked. Private.
#pragma once

#include <string>

#include <wirespan/app/options.hpp>
#include <wirespan/core/expected.hpp>
#include <wirespan/net/connector.hpp>

namespace wirespan {

/// Returns the options of the connectors of one attempt. Errc::invalid_option for a local_address
/// that is no numeric address, and for an interface whose name the kernel would cut off; `detail`
/// gets the option and its value.
[[nodiscard]] Expected<net::ConnectorOptions> connector_options(const ConnectOptions& options,
                                                                std::string& detail);

}  // namespace wirespan
