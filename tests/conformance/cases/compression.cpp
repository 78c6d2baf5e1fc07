// Groups 12 and 13: permessage-deflate with different contents and different parameters. RFC 7692.
#include <array>

#include "cases/build.hpp"
#include "cases/data.hpp"

namespace conformance {
namespace {

constexpr std::size_t messages = 1000;

struct Row {
  std::size_t size = 0;
  std::size_t fragment = 0;
  milliseconds limit{480'000};
};

constexpr std::array rows{Row{16, 0, 60s},     Row{64, 0, 60s},    Row{256, 0, 120s},
                          Row{1024, 0, 240s},  Row{.size = 4096},  Row{.size = 8192},
                          Row{.size = 16384},  Row{.size = 32768}, Row{.size = 65536},
                          Row{.size = 131072}, Row{8192, 256},     Row{16384, 256},
                          Row{32768, 256},     Row{65536, 256},    Row{131072, 256},
                          Row{131072, 1024},   Row{131072, 4096},  Row{131072, 32768}};

struct Group {
  std::string_view id;
  std::string_view what;
  Nature nature = Nature::json;
  std::string_view offered;  ///< Parameters that the suite as client adds to the common offer.
  std::vector<DeflateAnswer> answers;
};

std::string offer_with(std::string_view more) {
  return "permessage-deflate; client_no_context_takeover; client_max_window_bits" +
         std::string(more);
}

/// Group 13.7 makes three offers, the others one.
std::string offers_of(const Group& group) {
  if (group.id != "13.7") return offer_with(group.offered);
  return offer_with("; server_no_context_takeover; server_max_window_bits=9") + ", " +
         offer_with("; server_no_context_takeover") + ", " + offer_with("");
}

std::vector<Group> groups() {
  const DeflateAnswer plain{};
  const DeflateAnswer forgetful{.client_no_context_takeover = true};
  const DeflateAnswer small{.client_max_window_bits = 9};
  const DeflateAnswer large{.client_max_window_bits = 15};
  const DeflateAnswer small_forgetful{true, 9};
  const DeflateAnswer large_forgetful{true, 15};
  return {{"12.1", "repetitive JSON", Nature::json, "", {plain}},
          {"12.2", "a grey picture", Nature::image, "", {plain}},
          {"12.3", "prose as binary", Nature::prose, "", {plain}},
          {"12.4", "HTML", Nature::html, "", {plain}},
          {"12.5", "data that hardly compresses", Nature::dense, "", {plain}},
          {"13.1", "no parameters", Nature::json, "", {plain}},
          {"13.2", "no context kept", Nature::json, "; server_no_context_takeover", {forgetful}},
          {"13.3", "a window of 9 bits", Nature::json, "; server_max_window_bits=9", {small}},
          {"13.4", "a window of 15 bits", Nature::json, "; server_max_window_bits=15", {large}},
          {"13.5",
           "no context kept, a window of 9 bits",
           Nature::json,
           "; server_no_context_takeover; server_max_window_bits=9",
           {small_forgetful}},
          {"13.6",
           "no context kept, a window of 15 bits",
           Nature::json,
           "; server_no_context_takeover; server_max_window_bits=15",
           {large_forgetful}},
          {"13.7", "three offers at once", Nature::json, "", {small_forgetful, forgetful, plain}}};
}

Plan plan_for(const Group& group, const Row& row) {
  const auto content = Content::of(group.nature);
  Plan plan;
  plan.deflate = {.offer = offers_of(group), .answers = group.answers};
  plan.script = {CloseLimit{row.limit},
                 Exchange{.count = messages,
                          .binary = !content->is_text(),
                          .compressed = true,
                          .fragment = row.fragment,
                          .payload = [content, size = row.size](std::size_t index) {
                            return content->window(index, size);
                          }}};
  plan.expected = {{Behavior::ok, {exchanged(messages)}}};
  return plan;
}

}  // namespace

void add_compression(Cases& out) {
  for (const auto& group : groups()) {
    int number = 0;
    for (const auto& row : rows) {
      std::string description = "1000 compressed messages of " + std::to_string(row.size) +
                                " units, one at a time: " + std::string(group.what);
      if (row.fragment != 0) {
        description += "; in frames of " + std::to_string(row.fragment) + " octets";
      }
      add(out, std::string(group.id) + "." + std::to_string(++number), description + ".",
          "All messages come back as they were; closed with 1000.",
          [=] { return plan_for(group, row); });
      out.back().timed = true;
    }
  }
}

}  // namespace conformance
