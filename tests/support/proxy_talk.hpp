// proxy_talk.hpp - a conversation with a scripted proxy, whose answers come in every chopping.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/every_cut.hpp"
#include <wirespan/core/proxy_handshake.hpp>

namespace wirespan::test {

/// The outcome of a conversation.
struct ProxyTalk {
  std::vector<std::string> sent;  ///< The bytes to send: first_bytes(), then each ProxySend.
  bool open = false;
  std::optional<ProxyRefused> refusal;
  std::error_code error;
  std::string detail;
  std::string rest;  ///< Bytes behind the proxy's last answer, which belong to the server.
};

/// Feeds `answer` in pieces, each in a heap block of exactly its size. True if the conversation
/// goes on: more input is needed, or bytes were sent.
template <class Handshake>
bool feed_answer(Handshake& handshake, const Chopping& answer, ProxyTalk& talk) {
  for (auto piece = answer.pieces.begin(); piece != answer.pieces.end(); ++piece) {
    const ExactCopy copy(*piece);
    ProxyStep step = handshake.feed(copy.bytes());
    talk.detail = handshake.detail();
    const auto rest_from = [&](std::size_t consumed) {
      EXPECT_LE(consumed, piece->size());
      talk.rest = wire_text(piece->subspan(consumed));
      for (auto more = piece + 1; more != answer.pieces.end(); ++more) {
        talk.rest += wire_text(*more);
      }
    };
    if (auto* send = std::get_if<ProxySend>(&step)) talk.sent.push_back(send->bytes);
    if (const auto* tunnel = std::get_if<TunnelOpen>(&step)) {
      talk.open = true;
      rest_from(tunnel->consumed);
      return false;
    }
    if (auto* refused = std::get_if<ProxyRefused>(&step)) {
      rest_from(refused->consumed);
      talk.refusal = std::move(*refused);
      return false;
    }
    if (const auto* failed = std::get_if<Failed>(&step)) {
      talk.error = failed->error;
      return false;
    }
  }
  return true;
}

/// Calls check(ProxyTalk) for the conversation with each of `answers` in every chopping, the others
/// whole. make() returns a fresh handshake.
template <class Make, class Check>
void for_every_talk(const Make& make, const std::vector<std::string>& answers, const Check& check) {
  for (std::size_t chopped = 0; chopped < answers.size(); ++chopped) {
    for_every_chopping(wire_bytes(answers[chopped]), [&](const Chopping& chopping) {
      SCOPED_TRACE("answer " + std::to_string(chopped) + " " + chopping.name);
      auto handshake = make();
      ProxyTalk talk;
      talk.sent.push_back(handshake.first_bytes());
      for (std::size_t i = 0; i < answers.size(); ++i) {
        const Chopping whole{.name = "whole", .pieces = {wire_bytes(answers[i])}};
        if (!feed_answer(handshake, i == chopped ? chopping : whole, talk)) break;
      }
      check(talk);
    });
  }
}

}  // namespace wirespan::test
