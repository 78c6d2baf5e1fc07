// wsdump_input.cpp - splits standard input into lines, and gives the steps of a recording in time.
#include "wsdump_input.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include <unistd.h>

#include "wsdump_text.hpp"
#include <wirespan/core/utf8.hpp>

namespace wsdump {

using wirespan::Opcode;
using wirespan::TimePoint;

int LineInput::fd() const { return ended_ ? -1 : STDIN_FILENO; }

void LineInput::read() {
  constexpr std::size_t piece = 64u << 10;
  buffer_.erase(0, begin_);
  scanned_ -= std::exchange(begin_, 0);
  const std::size_t size = buffer_.size();
  buffer_.resize(size + piece);
  const auto got = ::read(STDIN_FILENO, buffer_.data() + size, piece);
  const int error = errno;
  buffer_.resize(size + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  if (got == 0) ended_ = true;
  if (got < 0 && error != EINTR && error != EAGAIN) {
    ended_ = true;
    throw std::system_error(error, std::generic_category(), "standard input");
  }
}

std::optional<std::string> LineInput::next_line() {
  std::size_t end = buffer_.find('\n', scanned_);
  if (end == std::string::npos) {
    scanned_ = buffer_.size();
    if (!ended_ || begin_ == buffer_.size()) return std::nullopt;
    end = buffer_.size();
  }
  ++line_;
  std::string line = buffer_.substr(begin_, end - begin_);
  begin_ = std::min(end + 1, buffer_.size());
  scanned_ = begin_;
  return line;
}

std::optional<Step> LineInput::next(TimePoint) {
  auto line = next_line();
  if (!line) return std::nullopt;
  const std::string place = "line " + std::to_string(line_) + " of standard input is not ";
  if (form_ == LineForm::binary) return Step{.type = Opcode::binary, .payload = *std::move(line)};
  if (form_ == LineForm::hex) {
    auto bytes = from_hex(*line);
    if (!bytes) throw InputError(place + "hexadecimal");
    return Step{.type = Opcode::binary, .payload = *std::move(bytes)};
  }
  if (!wirespan::is_valid_utf8(wirespan::wire_bytes(*line))) {
    throw InputError(place + "UTF-8; --binary sends any bytes");
  }
  return Step{.type = Opcode::text, .payload = *std::move(line)};
}

std::optional<Step> ReplayInput::next(TimePoint now) {
  if (!started_) started_ = now;
  const auto time = due();
  if (!time || *time > now) return std::nullopt;
  return std::move(steps_[at_++].step);
}

std::optional<TimePoint> ReplayInput::due() const {
  if (at_end() || !started_) return std::nullopt;
  constexpr double longest = 1e9;  // seconds, about 30 years
  const double wait = speed_ > 0 ? std::clamp(steps_[at_].time / speed_, 0.0, longest) : 0;
  return *started_ +
         std::chrono::duration_cast<TimePoint::duration>(std::chrono::duration<double>(wait));
}

std::unique_ptr<Input> make_input(Options& options) {
  if (options.replay.empty()) return std::make_unique<LineInput>(options.lines);
  std::vector<TimedStep> steps = read_recording(options.replay);
  const auto close = std::find_if(steps.begin(), steps.end(), [](const TimedStep& timed) {
    return timed.step.type == Opcode::close;
  });
  if (close != steps.end()) {
    if (!options.close_code) {
      options.close_code = close->step.code;
      options.close_reason = close->step.payload;
    }
    steps.erase(close + 1, steps.end());
  }
  return std::make_unique<ReplayInput>(std::move(steps), options.replay_speed);
}

}  // namespace wsdump
