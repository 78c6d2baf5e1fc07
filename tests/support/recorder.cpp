// recorder.cpp - notes the handler calls of a WebSocketApp as text.
#include "support/recorder.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include <gtest/gtest.h>

#include "support/thrown.hpp"

namespace wirespan::test {
namespace {

std::string text_of(Bytes bytes) { return readable(bytes); }

std::string described(const Message& message) {
  return std::string(name(message.opcode)) + " " + text_of(message.payload);
}

}  // namespace

AppHandlers Recorder::handlers() {
  return {
      .on_open = [this](WebSocketApp&) { note(called::open); },
      .on_reconnect = [this](WebSocketApp&) { note(called::reconnect); },
      .on_message = [this](WebSocketApp&,
                           const Message& message) { note("message " + described(message)); },
      .on_error = [this](WebSocketApp&,
                         const std::exception& error) { note(called::error(error)); },
      .on_close =
          [this](WebSocketApp&, std::optional<CloseCode> code, std::string_view reason) {
            note(code ? called::close(static_cast<unsigned>(*code), reason)
                      : called::close_without_connection + std::string(reason));
          },
      .on_ping = [this](WebSocketApp&, Bytes payload) { note("ping " + text_of(payload)); },
      .on_pong = [this](WebSocketApp&, Bytes payload) { note("pong " + text_of(payload)); },
  };
}

AppHandlers Recorder::all_handlers() {
  AppHandlers all = handlers();
  all.on_cont_message = [this](WebSocketApp&, const Fragment& part) {
    note("fragment " + std::string(name(part.opcode)) + (part.fin ? " last " : " ") +
         text_of(part.payload));
  };
  all.on_data = [this](WebSocketApp&, Bytes data, Opcode type, bool fin) {
    note("data " + std::string(name(type)) + (fin ? " last " : " ") + text_of(data));
  };
  return all;
}

void Recorder::note(std::string call) {
  const std::lock_guard lock(mutex_);
  calls_.push_back(std::move(call));
}

void Recorder::clear() {
  const std::lock_guard lock(mutex_);
  calls_.clear();
}

Calls Recorder::calls() const {
  const std::lock_guard lock(mutex_);
  return calls_;
}

Calls Recorder::calls(std::string_view start) const {
  Calls found;
  for (const std::string& call : calls()) {
    if (call.starts_with(start)) found.push_back(call);
  }
  return found;
}

std::string Recorder::last() const {
  const Calls all = calls();
  return all.empty() ? "nothing" : all.back();
}

void Recorder::wait_for(std::string_view start, std::size_t times) const {
  EXPECT_TRUE(eventually([&] { return calls(start).size() >= times; }))
      << start << " was not called " << times << " times, but "
      << ::testing::PrintToString(calls());
}

namespace called {

std::string message(std::string_view text) { return "message text " + readable(wire_bytes(text)); }

std::string binary(std::string_view bytes) {
  return "message binary " + readable(wire_bytes(bytes));
}

std::string error(const std::string& type, std::error_code code) {
  return "error " + type + ": " + code.message();
}

std::string error(const std::exception& thrown) {
  const auto* known = dynamic_cast<const std::system_error*>(&thrown);
  return "error " + type_name(thrown) + ": " +
         (known != nullptr ? known->code().message() : thrown.what());
}

std::string close(unsigned code, std::string_view reason) {
  return "close " + std::to_string(code) + " " + readable(wire_bytes(reason));
}

std::string lost() { return error("WebSocketConnectionClosedException", Errc::connection_lost); }

}  // namespace called

std::string reason_name(EndReason why) {
  switch (why) {
    case EndReason::closed_by_peer:
      return "closed_by_peer";
    case EndReason::stopped:
      return "stopped";
    case EndReason::failed:
      return "failed";
  }
  return "unknown";
}

BackgroundRun::BackgroundRun(WebSocketApp& app, RunOptions options, std::stop_token stop)
    : app_(app),
      result_(std::async(std::launch::async,
                         [&app, options = std::move(options), stop = std::move(stop)] {
                           return app.run_forever(options, stop);
                         })) {}

BackgroundRun::~BackgroundRun() {
  if (!result_.valid()) return;
  app_.close();
  if (result_.wait_for(20s) == std::future_status::ready) return;
  std::fputs("run_forever() does not return\n", stderr);
  std::abort();
}

RunResult BackgroundRun::wait(Milliseconds patience) {
  if (result_.wait_for(patience) != std::future_status::ready) {
    std::fputs("run_forever() does not return\n", stderr);
    std::abort();
  }
  return result_.get();
}

bool BackgroundRun::is_over(Milliseconds within) const {
  return result_.wait_for(within) == std::future_status::ready;
}

}  // namespace wirespan::test
