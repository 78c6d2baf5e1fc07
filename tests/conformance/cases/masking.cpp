// Group W2: masks, and lengths that are not minimal. RFC 6455 §5.1 to §5.3.
#include "cases/build.hpp"

namespace conformance {
namespace {

SendFrame wrongly_masked(SendFrame step) {
  step.frame.masking = Masking::against_the_role;
  return step;
}

SendFrame masked_with(std::uint32_t key, std::size_t chop) {
  SendFrame step = send_text(Octets(hello));
  step.frame.mask_key = key;
  step.chop = chop;
  return step;
}

SendFrame with_length(SendFrame step, LengthForm form) {
  step.frame.length_form = form;
  return step;
}

void add_wrong_masks(Cases& out) {
  const auto add_one = [&](const char* id, const char* what, const Script& script) {
    add(out, id, std::string(what) + " masked if by a server, not masked if by a client.",
        expectation::protocol_error, [script] { return failure(script); });
  };
  add_one("W2.1", "A text message", {wrongly_masked(send_text(Octets(hello)))});
  add_one("W2.2", "An empty text message", {wrongly_masked(send_text({}))});
  add_one("W2.3", "A ping", {wrongly_masked(send_ping(Octets(hello)))});
  add_one("W2.4", "A Close frame", {wrongly_masked(send(opcode::close, close_payload(1000)))});
  add_one("W2.5", "The second of two fragments",
          {send(opcode::text, "one", false), wrongly_masked(send(opcode::continuation, "two"))});
  add(out, "W2.6", "A good message, then one that is wrongly masked, then a ping.",
      expectation::after_echo, [] {
        return failure_after(
            text_event(Octets(hello)),
            {send_text(Octets(hello)), wrongly_masked(send_text("bad")), send_ping()});
      });
}

void add_keys(Cases& out) {
  const auto add_one = [&](const char* id, const char* what, std::uint32_t key, std::size_t chop) {
    add(
        out, id, what, expectation::echo,
        [=] { return echo({masked_with(key, chop)}, {text_event(Octets(hello))}); },
        Roles::suite_is_client);
  };
  add_one("W2.7", "A message masked with the key 00000000.", 0, 0);
  add_one("W2.8", "A message masked with the key ffffffff.", 0xffffffff, 0);
  add_one("W2.9", "A masked message, octet by octet.", 0x01020304, 1);
  add_one("W2.10", "A masked message in pieces of three octets.", 0xa1b2c3d4, 3);
}

void add_lengths(Cases& out) {
  const auto add_one = [&](const char* id, const char* what, std::size_t size, LengthForm form) {
    add(out, id, what, expectation::protocol_error,
        [=] { return failure({with_length(send(opcode::binary, Octets(size, '*')), form)}); });
  };
  add_one("W2.11", "A length of 0 in 16 bits.", 0, LengthForm::in_16_bits);
  add_one("W2.12", "A length of 125 in 16 bits.", 125, LengthForm::in_16_bits);
  add_one("W2.13", "A length of 125 in 64 bits.", 125, LengthForm::in_64_bits);
  add_one("W2.14", "A length of 126 in 64 bits.", 126, LengthForm::in_64_bits);
  add_one("W2.15", "A length of 65535 in 64 bits.", 65535, LengthForm::in_64_bits);
  add(out, "W2.16", "A ping with its length of 5 in 16 bits.", expectation::protocol_error,
      [] { return failure({with_length(send_ping("12345"), LengthForm::in_16_bits)}); });
  add(out, "W2.17", "A length of 64 bits with the top bit set.", expectation::protocol_error, [] {
    SendFrame step = send(opcode::binary, {});
    step.frame.claimed_length = std::uint64_t{1} << 63;
    return failure({step});
  });
}

}  // namespace

void add_masking(Cases& out) {
  add_wrong_masks(out);
  add_keys(out);
  add_lengths(out);
}

}  // namespace conformance
