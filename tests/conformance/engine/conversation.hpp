// conversation.hpp - plays the script of a case over an open connection and records the answers.
#pragma once

#include <deque>
#include <memory>
#include <optional>

#include "engine/result.hpp"
#include "wire/deflate.hpp"
#include "wire/link.hpp"
#include "wire/message_reader.hpp"

namespace conformance {

struct ConversationOptions {
  Role role = Role::client;
  double time_scale = 1;  ///< Factor for every time limit, for slow builds.
  std::optional<DeflateTerms> deflate;
};

/// One connection of one case, on one thread. run() performs the steps of the script, one after the
/// other, and records events in `facts` and frames in `log`. A Close frame from either side, a
/// violation or a time limit ends the script; `gone_` ends the conversation. The objects passed to
/// the constructor belong to the caller and must outlive it.
class Conversation {
 public:
  Conversation(Link& link, const Plan& plan, const ConversationOptions& options, Facts& facts,
               Log& log);

  /// Plays the whole conversation; returns when the connection is gone. `early` holds the octets
  /// that came behind the handshake.
  void run(Octets early);

 private:
  struct Output {
    Octets octets;
    bool apart = false;
  };

  // The script.
  void advance();
  [[nodiscard]] bool blocked(Clock::time_point now);
  void perform(const SendFrame& step);
  void perform(const SendPart& step);
  void perform(const SendMessage& step);
  void perform(const SendOctets& step);
  void perform(const Wait& step);
  void perform(const AwaitEvents& step);
  void perform(const CloseLimit& step);
  void perform(const KillLimit& step);
  void perform(const Close& step);
  void perform(const EndOutput& step);
  void perform(const Exchange& step);
  void send_next_of_exchange();
  void send_message(const Octets& payload, bool binary, bool compressed, std::size_t fragment);
  void judge_exchanged(const ReceivedMessage& message);

  // Output.
  void send_frame(const Frame& frame, std::size_t chop = 0, bool apart = false);
  void queue(Octets octets, bool apart);
  void flush();

  // Input.
  void take_input();
  void on_frame(ReceivedFrame frame);
  void on_event(Event event);
  void on_close(const Octets& payload);
  [[nodiscard]] std::optional<Violation> close_defect(const Octets& payload) const;
  void on_violation(const Violation& violation);

  // The end.
  void begin_close(Octets payload);
  void fail(std::uint16_t code, const std::string& why);
  void drop(const std::string& why);
  void finish_closing_handshake();
  void check_timers();
  void note_end_of_input(Io how);
  void summarise();

  [[nodiscard]] Clock::duration scaled(milliseconds time) const;
  [[nodiscard]] double elapsed() const;
  void note(std::string what);
  void log(bool sent, std::string what, std::string_view payload);
  [[nodiscard]] Clock::time_point next_deadline() const;

  Link& link_;
  const Plan& plan_;
  ConversationOptions options_;
  Facts& facts_;
  Log& log_;
  FrameReader frames_;
  MessageReader messages_;
  std::unique_ptr<Compressor> compressor_;

  std::deque<Output> output_;
  std::size_t output_offset_ = 0;
  bool end_output_wanted_ = false;

  std::size_t step_ = 0;
  const Exchange* exchange_ = nullptr;
  std::size_t exchanged_ = 0;
  Octets outstanding_;
  Octets partial_frame_;
  std::size_t partial_header_ = 0;
  std::size_t awaited_events_ = 0;
  const Wait* wait_ = nullptr;
  std::optional<Clock::time_point> wait_end_;

  Clock::time_point start_;
  Clock::time_point last_write_;
  // Deadlines; unset while they do not apply. Passing one makes the suite begin to close, fail the
  // connection, give up on the answer to its Close frame, or give up on the end of TCP.
  std::optional<Clock::time_point> close_limit_;
  std::optional<Clock::time_point> kill_limit_;
  std::optional<Clock::time_point> answer_limit_;
  std::optional<Clock::time_point> drop_limit_;
  bool close_sent_ = false;
  bool peer_ended_ = false;
  bool gone_ = false;
};

}  // namespace conformance
