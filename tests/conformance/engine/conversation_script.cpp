// conversation_script.cpp - performs the steps of a script and writes their octets.
#include <algorithm>
#include <type_traits>

#include "engine/conversation.hpp"

namespace conformance {

bool Conversation::blocked(Clock::time_point now) {
  if (exchange_ != nullptr || facts_.received.size() < awaited_events_) return true;
  if (wait_ != nullptr) {
    // The wait begins when all output is written.
    if (!output_.empty()) return true;
    if (!wait_end_) wait_end_ = now + scaled(wait_->time);
    if (now < *wait_end_) return true;
    const Wait& over = *wait_;
    wait_ = nullptr;
    wait_end_.reset();
    if (!over.name.empty()) {
      note("waited: " + over.name);
      on_event(timeout_event(over.name));
    }
  }
  return step_ == plan_.script.size();
}

void Conversation::advance() {
  while (!gone_ && !facts_.failed_by_suite && !blocked(Clock::now())) {
    const Step& step = plan_.script[step_++];
    std::visit([this](const auto& each) { perform(each); }, step);
  }
}

void Conversation::perform(const SendFrame& step) { send_frame(step.frame, step.chop, step.apart); }

void Conversation::perform(const SendPart& step) {
  if (step.from == 0) {
    auto whole = encode(step.frame, options_.role);
    partial_frame_ = std::move(whole.octets);
    partial_header_ = whole.header_size;
  }
  const auto begin = step.from == 0 ? 0 : partial_header_ + step.from;
  const auto end = partial_header_ + step.to;
  log(true,
      "part of a frame: octets " + std::to_string(step.from) + " to " + std::to_string(step.to),
      std::string_view(step.frame.payload).substr(step.from, step.to - step.from));
  queue(partial_frame_.substr(begin, end - begin), true);
}

void Conversation::perform(const SendMessage& step) {
  send_message(step.payload, step.binary, step.compressed, step.fragment);
}

void Conversation::perform(const SendOctets& step) {
  log(true, "bare octets", step.octets);
  queue(step.octets, false);
}

void Conversation::perform(const Wait& step) { wait_ = &step; }

void Conversation::perform(const AwaitEvents& step) { awaited_events_ = step.count; }

void Conversation::perform(const CloseLimit& step) {
  close_limit_ = Clock::now() + scaled(step.time);
}

void Conversation::perform(const KillLimit& step) {
  kill_limit_ = Clock::now() + scaled(step.time);
}

void Conversation::perform(const Close& step) { begin_close(step.payload); }

void Conversation::perform(const EndOutput& /*step*/) { end_output_wanted_ = true; }

void Conversation::perform(const Exchange& step) {
  exchange_ = &step;
  exchanged_ = 0;
  log_.silence();
  send_next_of_exchange();
}

void Conversation::send_next_of_exchange() {
  outstanding_ = exchange_->payload(exchanged_);
  send_message(outstanding_, exchange_->binary, exchange_->compressed, exchange_->fragment);
}

void Conversation::send_message(const Octets& payload, bool binary, bool compressed,
                                std::size_t fragment) {
  facts_.application_octets += payload.size();
  const bool deflated = compressed && compressor_ != nullptr;
  const Octets content = deflated ? compressor_->compress(payload) : payload;
  for (std::size_t from = 0;;) {
    const std::size_t size =
        fragment == 0 ? content.size() : std::min(fragment, content.size() - from);
    // A payload that is a multiple of the fragment size ends with an empty frame, if it has several
    // frames.
    const bool last =
        from + size == content.size() && (from == 0 || fragment == 0 || size < fragment);
    const std::uint8_t first = binary ? opcode::binary : opcode::text;
    send_frame({.opcode = from == 0 ? first : opcode::continuation,
                .payload = content.substr(from, size),
                .fin = last,
                .rsv = static_cast<std::uint8_t>(deflated && from == 0 ? 4 : 0)});
    if (last) return;
    from += size;
  }
}

void Conversation::send_frame(const Frame& frame, std::size_t chop, bool apart) {
  std::string what = describe_header(frame.opcode, frame.fin, frame.rsv);
  if (chop != 0) what += ", in pieces of " + std::to_string(chop);
  log(true, std::move(what), frame.payload);
  Octets octets = encode(frame, options_.role).octets;
  if (chop == 0) return queue(std::move(octets), apart);
  for (std::size_t from = 0; from < octets.size(); from += chop) {
    queue(octets.substr(from, chop), true);
  }
}

void Conversation::queue(Octets octets, bool apart) {
  if (output_.empty() || apart || output_.back().apart) {
    output_.push_back({std::move(octets), apart});
  } else {
    output_.back().octets += octets;
  }
}

void Conversation::flush() {
  if (!gone_ && !output_.empty()) {
    auto& front = output_.front();
    std::size_t written = 0;
    const Io how = link_.write(std::string_view(front.octets).substr(output_offset_), written);
    facts_.octets_out += written;
    output_offset_ += written;
    if (written != 0) last_write_ = Clock::now();
    if (output_offset_ == front.octets.size()) {
      output_.pop_front();
      output_offset_ = 0;
    }
    // The output is lost, but the other side may have sent the reason before it dropped the
    // connection.
    if (how == Io::broken || how == Io::ended) {
      output_.clear();
      output_offset_ = 0;
    }
  }
  if (!gone_ && output_.empty() && end_output_wanted_) {
    end_output_wanted_ = false;
    link_.end_output();
  }
}

}  // namespace conformance
