// compression.hpp - what the load generator agrees on with a server. RFC 7692 §7.1.
#pragma once

#include <memory>
#include <string>

#include "options.hpp"
#include "stream.hpp"
#include <wirespan/core/connection.hpp>
#include <wirespan/core/permessage_deflate.hpp>

namespace wirespan::bench {

/// "none" keeps no context in either direction, "stream" in both.
struct Agreed {
  std::string offer;
  DeflateParameters parameters;
  DeflateContext context;
};
[[nodiscard]] Agreed agreed_on(const LoadOptions& options);

/// Upgrades on a blocking stream; throws if the server agrees on something else. It may leave
/// client_no_context_takeover out of its answer: our messages without context are as good.
void upgrade_compressed(Stream& stream, const Agreed& agreed);

/// The pool of our clients' codecs. It keeps too little for libdeflate: the load compresses with
/// zlib.
[[nodiscard]] std::shared_ptr<DeflatePool> make_pool(const Agreed& agreed);
/// Returns a client's protocol object.
[[nodiscard]] Connection make_client(const Agreed& agreed,
                                     const std::shared_ptr<DeflatePool>& pool);

}  // namespace wirespan::bench
