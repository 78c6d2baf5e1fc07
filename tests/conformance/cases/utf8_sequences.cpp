// Group 6.5 to 6.23: valid and invalid UTF-8 sequences. RFC 3629 §3, §4.
#include "cases/build.hpp"

namespace conformance {
namespace {

struct Group {
  const char* id;
  const char* what;
  const char* sequences;   ///< Hexadecimal, separated by blanks.
  std::string_view marks;  ///< One letter for each: V valid, I invalid.
};

constexpr Group groups[] = {
    {"6.5", "well-formed text with characters of one to four octets",
     "68656c6c6f24776f726c64 68656c6c6fc2a2776f726c64 68656c6c6fe282ac776f726c64 "
     "68656c6c6ff0a4ada2776f726c64 cebae1bdb9cf83cebcceb5",
     "VVVVV"},
    {"6.6", "a prefix of a Greek word",
     "ce ceba cebae1 cebae1bd cebae1bdb9 cebae1bdb9cf cebae1bdb9cf83 cebae1bdb9cf83ce "
     "cebae1bdb9cf83cebc cebae1bdb9cf83cebcce cebae1bdb9cf83cebcceb5",
     "IVIIVIVIVIV"},
    {"6.7", "the lowest code point of an encoded length", "00 c280 e0a080 f0908080", "VVVV"},
    {"6.8", "the lowest form of five or six octets", "f888808080 fc8480808080", "II"},
    {"6.9", "the highest code point of an encoded length", "7f dfbf efbfbf f48fbfbf", "VVVV"},
    {"6.10", "the highest bit pattern of four to six octets", "f7bfbfbf fbbfbfbfbf fdbfbfbfbfbf",
     "III"},
    {"6.11", "a code point at an edge", "ed9fbf ee8080 efbfbd f48fbfbf f4908080", "VVVVI"},
    {"6.12", "continuation octets that continue nothing",
     "80 bf 80bf 80bf80 80bf80bf 80bf80bf80 80bf80bf80bf "
     "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8"
     "a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbe",
     "IIIIIIII"},
    {"6.13", "lead octets, each followed by a space",
     "c020c120c220c320c420c520c620c720c820c920ca20cb20cc20cd20ce20cf20d020d120d220d320d4"
     "20d520d620d720d820d920da20db20dc20dd20de20 "
     "e020e120e220e320e420e520e620e720e820e920ea20eb20ec20ed20ee20 "
     "f020f120f220f320f420f520f620 f820f920fa20 fc20",
     "IIIII"},
    {"6.14", "a character without its last octet",
     "c0 e080 f08080 f8808080 fc80808080 df efbf f7bfbf fbbfbfbf fdbfbfbfbf", "IIIIIIIIII"},
    {"6.15", "ten such characters in a row",
     "c0e080f08080f8808080fc80808080dfefbff7bfbffbbfbfbffdbfbfbfbf", "I"},
    {"6.16", "octets that UTF-8 never has", "fe ff fefeffff", "III"},
    {"6.17", "an overlong solidus", "c0af e080af f08080af f8808080af fc80808080af", "IIIII"},
    {"6.18", "the highest overlong form of a length",
     "c1bf e09fbf f08fbfbf f887bfbfbf fc83bfbfbfbf", "IIIII"},
    {"6.19", "an overlong NUL", "c080 e08080 f0808080 f880808080 fc8080808080", "IIIII"},
    {"6.20", "a single surrogate", "eda080 edadbf edae80 edafbf edb080 edbe80 edbfbf", "IIIIIII"},
    {"6.21", "a pair of surrogates, encoded one by one",
     "eda080edb080 eda080edbfbf edadbfedb080 edadbfedbfbf edae80edb080 edae80edbfbf "
     "edafbfedb080 edafbfedbfbf",
     "IIIIIIII"},
    {"6.22", "a non-character, which UTF-8 may carry",
     "efbfbe efbfbf f09fbfbe f09fbfbf f0afbfbe f0afbfbf f0bfbfbe f0bfbfbf f18fbfbe "
     "f18fbfbf f19fbfbe f19fbfbf f1afbfbe f1afbfbf f1bfbfbe f1bfbfbf f28fbfbe f28fbfbf "
     "f29fbfbe f29fbfbf f2afbfbe f2afbfbf f2bfbfbe f2bfbfbf f38fbfbe f38fbfbf f39fbfbe "
     "f39fbfbf f3afbfbe f3afbfbf f3bfbfbe f3bfbfbf f48fbfbe f48fbfbf",
     "VVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVV"},
    {"6.23", "a character of the Specials block",
     "efbfb9 efbfba efbfbb efbfbc efbfbd efbfbe efbfbf", "VVVVVVV"},
};

Plan plan_for(const Octets& sequence, bool valid) {
  if (valid) return echo({send_text(sequence)}, {text_event(sequence)}, 500ms);
  Plan plan = failure({send_text(sequence)}, 1007, 500ms);
  plan.close.end_decides = true;
  return plan;
}

}  // namespace

void add_utf8_sequences(Cases& out) {
  for (const auto& group : groups) {
    const auto sequences = split(group.sequences, ' ');
    for (std::size_t i = 0; i < sequences.size(); ++i) {
      const bool valid = group.marks.at(i) == 'V';
      std::string description = valid ? "Valid UTF-8: " : "Invalid UTF-8: ";
      description.append(group.what).append(", ").append(sequences[i]).append(".");
      add(out, std::string(group.id) + "." + std::to_string(i + 1), std::move(description),
          valid ? expectation::echo : expectation::bad_utf8,
          [sequence = from_hex(sequences[i]), valid] { return plan_for(sequence, valid); });
    }
  }
}

}  // namespace conformance
