// wire_case.cpp - runs one row in all choppings.
#include "support/wire_case.hpp"

#include <utility>

namespace wirespan::test {

WireCase refused(std::string name, ByteVector wire, Errc error, unsigned code,
                 std::vector<std::string> before) {
  before.push_back(seen::failed(error));
  return {.name = std::move(name),
          .wire = std::move(wire),
          .events = std::move(before),
          .answers = {"close " + std::to_string(code)}};
}

void expect_in_every_chopping(const WireCase& row, Role receiver) {
  const ByteVector wire = as_received_by(receiver, row.wire);
  for (const Reading reading : {Reading::into_shared_buffer, Reading::into_window}) {
    for_every_chopping(wire, [&](const Chopping& chopping) {
      SCOPED_TRACE(chopping.name + (reading == Reading::into_window ? ", window" : ""));
      Conversation conversation(receiver, {.receive = row.receive});
      for (const Bytes piece : chopping.pieces) conversation.receive(piece, reading);
      EXPECT_EQ(conversation.events(), row.events);
      EXPECT_EQ(conversation.sent(), row.answers);
    });
  }
}

std::string wire_param_name(const ::testing::TestParamInfo<WireParam>& info) {
  const auto& [row, role] = info.param;
  return row.name + (role == Role::server ? "_to_a_server" : "_to_a_client");
}

void PrintTo(const WireCase& row, std::ostream* out) {
  *out << row.name << " " << readable_hex(row.wire);
}

}  // namespace wirespan::test
