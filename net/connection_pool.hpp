// connection_pool.hpp - the former name of protocol_pool.hpp, kept for programs that include it.
#pragma once

#include <wirespan/net/protocol_pool.hpp>

namespace wirespan::net {

/// The former name: the pool holds protocol objects, not open connections.
using ConnectionPool [[deprecated("ProtocolPool")]] = ProtocolPool;

}  // namespace wirespan::net
