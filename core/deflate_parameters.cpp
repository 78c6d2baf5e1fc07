// deflate_parameters.cpp - negotiates permessage-deflate and checks its options. RFC 7692 §5, §7.1.
#include <algorithm>
#include <utility>

#include <wirespan/core/ascii.hpp>
#include <wirespan/core/deflate_parameters.hpp>
#include <wirespan/core/error.hpp>
#include <wirespan/core/headers.hpp>

namespace wirespan {
namespace {

/// §7.1.2 allows windows from 256 bytes (8 bits) on, but zlib refuses 8 bits for raw data since
/// 1.2.9, and so do peers that use it: 8 is accepted from a peer and never written.
constexpr int least_window_bits_read = 8;
constexpr int least_window_bits = 9;

constexpr bool is_between(int value, int least, int most) noexcept {
  return value >= least && value <= most;
}

/// Parses window bits: a decimal integer from 8 to 15 without leading zeros. §7.1.2.1.
std::optional<int> parse_window_bits(std::string_view text) noexcept {
  if (text == "8" || text == "9") return text[0] - '0';
  const bool two_digits = text.size() == 2 && text[0] == '1' && text[1] >= '0' && text[1] <= '5';
  if (!two_digits) return std::nullopt;
  return 10 + (text[1] - '0');
}

/// Adds one parameter to the offer. False if it is invalid or repeated.
bool take_parameter(const ExtensionParameter& parameter, DeflateOffer& out) {
  const auto take_flag = [&](bool& flag) { return !parameter.value && !std::exchange(flag, true); };
  const auto take_bits = [&](std::optional<int>& bits) {
    bits = parse_window_bits(*parameter.value);
    return bits.has_value();
  };
  DeflateParameters& parameters = out.parameters;
  const std::string& name = parameter.name;
  if (equal_ignoring_case(name, "server_no_context_takeover")) {
    return take_flag(parameters.server_no_context_takeover);
  }
  if (equal_ignoring_case(name, "client_no_context_takeover")) {
    return take_flag(parameters.client_no_context_takeover);
  }
  if (equal_ignoring_case(name, "server_max_window_bits")) {
    return !parameters.server_max_window_bits && parameter.value &&
           take_bits(parameters.server_max_window_bits);
  }
  if (equal_ignoring_case(name, "client_max_window_bits")) {
    if (std::exchange(out.limits_client_window, true)) return false;
    return !parameter.value || take_bits(parameters.client_max_window_bits);
  }
  return false;
}

std::string to_text(const DeflateParameters& parameters, bool bare_client_window) {
  std::string text = "permessage-deflate";
  if (parameters.server_no_context_takeover) text += "; server_no_context_takeover";
  if (parameters.client_no_context_takeover) text += "; client_no_context_takeover";
  if (const auto bits = parameters.server_max_window_bits) {
    text += "; server_max_window_bits=" + std::to_string(*bits);
  }
  if (const auto bits = parameters.client_max_window_bits) {
    text += "; client_max_window_bits=" + std::to_string(*bits);
  } else if (bare_client_window) {
    text += "; client_max_window_bits";
  }
  return text;
}

/// Returns the server's answer to one offer. std::nullopt if the server cannot keep to the offer,
/// or if the offer does not let it limit the client's window and its options demand that.
std::optional<DeflateParameters> answer_to(const DeflateOffer& offer,
                                           const DeflateOptions& options) {
  const DeflateParameters& wanted = offer.parameters;
  // The answer may not exceed the offer, so it would have to be 8.
  if (wanted.server_max_window_bits == least_window_bits_read) return std::nullopt;
  DeflateParameters answer{
      .server_no_context_takeover = wanted.server_no_context_takeover ||
                                    send_context(options, Role::server) == DeflateContext::none,
      // §7.1.1.2: a client that offers it keeps no context anyway.
      .client_no_context_takeover = wanted.client_no_context_takeover ||
                                    receive_context(options, Role::server) == DeflateContext::none};
  const int server_bits =
      std::min(options.send_window_bits, wanted.server_max_window_bits.value_or(most_window_bits));
  if (wanted.server_max_window_bits || server_bits < most_window_bits) {
    answer.server_max_window_bits = server_bits;
  }
  // §7.1.2.2: an 8 for the client's own window is a hint that need not be answered.
  const bool unanswerable = wanted.client_max_window_bits == least_window_bits_read;
  const auto hint = unanswerable ? std::nullopt : wanted.client_max_window_bits;
  const int client_bits = std::min(options.receive_window_bits, hint.value_or(most_window_bits));
  const bool answerable = offer.limits_client_window && !unanswerable;
  if (client_bits < most_window_bits && !answerable) return std::nullopt;
  if (hint || client_bits < most_window_bits) {
    answer.client_max_window_bits = client_bits;
  }
  return answer;
}

}  // namespace

DeflateContext send_context(const DeflateOptions& options, Role role) noexcept {
  return options.send_context.value_or(role == Role::server ? DeflateContext::none
                                                            : DeflateContext::stream);
}

DeflateContext receive_context(const DeflateOptions& options, Role role) noexcept {
  return options.receive_context.value_or(role == Role::server ? DeflateContext::none
                                                               : DeflateContext::stream);
}

std::error_code check_deflate_options(const DeflateOptions& options, std::string* detail) {
  const struct {
    const char* name;
    int value;
    int least;
    int most;
  } ranges[] = {
      {"send_window_bits", options.send_window_bits, least_window_bits, most_window_bits},
      {"receive_window_bits", options.receive_window_bits, least_window_bits, most_window_bits},
      {"level", options.level, 1, 9},
      {"memory_level", options.memory_level, 1, 9},
  };
  for (const auto& range : ranges) {
    if (is_between(range.value, range.least, range.most)) continue;
    if (detail != nullptr) {
      *detail = std::string("DeflateOptions::") + range.name + " " + std::to_string(range.value) +
                " is not between " + std::to_string(range.least) + " and " +
                std::to_string(range.most);
    }
    return Errc::invalid_option;
  }
  if (deflate_available()) return {};
  if (detail != nullptr) *detail = "compression";
  return Errc::compression_unavailable;
}

bool is_permessage_deflate(const Extension& extension) noexcept {
  return equal_ignoring_case(extension.name, "permessage-deflate");
}

std::optional<DeflateOffer> parse_deflate_offer(const Extension& extension) {
  DeflateOffer offer;
  const auto& parameters = extension.parameters;
  const bool valid = std::all_of(
      parameters.begin(), parameters.end(),
      [&](const ExtensionParameter& parameter) { return take_parameter(parameter, offer); });
  return valid ? std::optional(offer) : std::nullopt;
}

std::optional<DeflateParameters> parse_deflate_answer(const Extension& extension) {
  const auto parsed = parse_deflate_offer(extension);
  if (!parsed) return std::nullopt;
  // §7.1.2.2: in an answer client_max_window_bits has a value.
  const bool bare = parsed->limits_client_window && !parsed->parameters.client_max_window_bits;
  return bare ? std::nullopt : std::optional(parsed->parameters);
}

bool is_answer_to(const DeflateOffer& offer, const DeflateParameters& answer) noexcept {
  const DeflateParameters& wanted = offer.parameters;
  if (wanted.server_no_context_takeover && !answer.server_no_context_takeover) return false;
  if (wanted.server_max_window_bits && answer.server_max_window_bits.value_or(
                                           most_window_bits + 1) > *wanted.server_max_window_bits) {
    return false;
  }
  // §7.1.2.2: the value that an offer gives for the client's own window is a hint.
  return offer.limits_client_window || !answer.client_max_window_bits;
}

std::vector<DeflateOffer> make_deflate_offers(const DeflateOptions& options) {
  DeflateOffer offer{.parameters = {}, .limits_client_window = true};
  DeflateParameters& wanted = offer.parameters;
  wanted.client_no_context_takeover = send_context(options, Role::client) == DeflateContext::none;
  if (options.send_window_bits < most_window_bits) {
    wanted.client_max_window_bits = options.send_window_bits;
  }
  const DeflateOffer unconditional = offer;
  wanted.server_no_context_takeover =
      receive_context(options, Role::client) == DeflateContext::none;
  if (options.receive_window_bits < most_window_bits) {
    wanted.server_max_window_bits = options.receive_window_bits;
  }
  std::vector<DeflateOffer> offers{offer};
  if (options.unconditional_fallback && offer != unconditional) offers.push_back(unconditional);
  // A plain offer at the end, for servers that know no parameters; it asks nothing of the server.
  const bool wants_nothing = !wanted.server_no_context_takeover && !wanted.server_max_window_bits;
  if (options.unconditional_fallback || wants_nothing) offers.emplace_back();
  return offers;
}

std::string deflate_offers_text(const DeflateOptions& options) {
  std::string text;
  for (const DeflateOffer& offer : make_deflate_offers(options)) {
    text += (text.empty() ? "" : ", ") + to_text(offer.parameters, offer.limits_client_window);
  }
  return text;
}

std::error_code check_deflate_answer(std::string_view value,
                                     const std::optional<DeflateOptions>& options,
                                     std::optional<DeflateParameters>& out) {
  std::string_view list = value;
  if (!next_list_element(list)) return {};  // RFC 9110 §5.6.1: an empty list chooses no extension
  if (!options) return Errc::unrequested_extension;
  const auto extensions = parse_extensions(value);
  if (!extensions) return extensions.error();
  for (const Extension& extension : *extensions) {
    if (!is_permessage_deflate(extension)) return Errc::unrequested_extension;
    const auto answer = parse_deflate_answer(extension);
    if (!answer || out) return Errc::invalid_deflate_answer;
    const auto offers = make_deflate_offers(*options);
    const bool offered = std::any_of(offers.begin(), offers.end(), [&](const DeflateOffer& offer) {
      return is_answer_to(offer, *answer);
    });
    if (!offered) return Errc::invalid_deflate_answer;
    out = answer;
  }
  return {};
}

std::optional<DeflateParameters> choose_deflate(const std::vector<Extension>& offered,
                                                const DeflateOptions& options) {
  for (const Extension& extension : offered) {
    if (!is_permessage_deflate(extension)) continue;
    const auto offer = parse_deflate_offer(extension);
    if (!offer) continue;  // §7.1: an invalid offer is declined; the next one may do
    if (auto answer = answer_to(*offer, options)) return answer;
  }
  return std::nullopt;
}

bool is_answer_to_any(const std::vector<Extension>& offered, const DeflateParameters& answer) {
  const auto is_written = [](const std::optional<int>& bits) {
    return !bits || is_between(*bits, least_window_bits, most_window_bits);
  };
  if (!is_written(answer.server_max_window_bits) || !is_written(answer.client_max_window_bits)) {
    return false;
  }
  return std::any_of(offered.begin(), offered.end(), [&](const Extension& extension) {
    if (!is_permessage_deflate(extension)) return false;
    const auto offer = parse_deflate_offer(extension);
    return offer && is_answer_to(*offer, answer);
  });
}

std::string deflate_answer_text(const DeflateParameters& parameters) {
  return to_text(parameters, false);
}

}  // namespace wirespan
