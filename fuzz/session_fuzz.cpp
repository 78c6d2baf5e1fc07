// session_fuzz.cpp - a net::Session in either role whose owner reads, writes, lets time pass and
// calls anything. The ledger of its output balances, deadlines move on, and the end is final.
// RFC 6455 §5 to §7.
#include "frame_mutator.hpp"
#include "session_owner.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wirespan::fuzz;
  FuzzInput input(data, size);
  SessionSettings settings(input);
  const Tape tape = input.tape();
  ReferenceReceiver reference(settings.role, settings.connection.receive);
  if (!settings.compresses) reference.run(input.rest());
  SessionOwner(settings, settings.compresses ? nullptr : &reference, tape).run(input.rest());
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t most, unsigned seed) {
  return wirespan::fuzz::mutate_frames({data, size, most}, seed,
                                       wirespan::fuzz::SessionSettings::size);
}
