// wsdump_without_inflate.cpp - a build without zlib shows compressed data as bytes.
#include "wsdump_text.hpp"

namespace wsdump {

std::optional<std::string> inflated(wirespan::Bytes, Deflated, std::size_t) { return std::nullopt; }

}  // namespace wsdump
