// wsdump_output.cpp - formats events for a terminal, a pipe or a script.
#include "wsdump_output.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

#include "wsdump_text.hpp"
#include <wirespan/app/frame.hpp>
#include <wirespan/core/utf8.hpp>

namespace wsdump {
namespace {

using wirespan::CloseCode;
using wirespan::Opcode;

constexpr std::string_view erase_line = "\x1b[2K\r";
constexpr std::string_view blue = "\x1b[34m";
constexpr std::string_view default_colour = "\x1b[39m";
constexpr std::size_t flush_size = 64u << 10;

bool is_set(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

bool is_dumb() {
  const char* value = std::getenv("TERM");
  return value == nullptr || std::string_view(value) == "dumb";
}

wirespan::net::UniqueFd open_record(const std::string& file) {
  if (file.empty()) return {};
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), file);
  return wirespan::net::UniqueFd(fd);
}

bool is_control_event(const Event& event) { return wirespan::is_control(event.type); }

}  // namespace

Output::Output(const Options& options, wirespan::TimePoint start)
    : options_(options),
      start_(start),
      terminal_(::isatty(STDOUT_FILENO) == 1),
      interactive_(terminal_ && ::isatty(STDIN_FILENO) == 1 && !options.raw && !options.json &&
                   options.replay.empty()),
      prompts_(interactive_),
      escapes_(terminal_ && !options.raw && !options.json && !is_dumb()),
      colours_(escapes_ && !is_set("NO_COLOR")),
      record_(open_record(options.record)) {}

void Output::opened(std::string_view subprotocol, bool again) {
  const std::lock_guard lock(mutex_);
  log([&](Seconds time) { return open_to_json(subprotocol, time); });
  if (interactive_) {
    if (again && escapes_) pending_ += erase_line;
    pending_ += again ? "connected again\n> " : "Press Ctrl+C to quit\n> ";
  }
  flush();
}

void Output::received(const Event& event, bool flush_now) {
  const std::lock_guard lock(mutex_);
  log_event(event);
  if (event.type == Opcode::text || event.type == Opcode::binary) {
    fragments_of_text_ = event.type == Opcode::text;
  }
  const bool is_shown = !is_control_event(event) || options_.verbose > 0;
  if (!options_.json && is_shown) {
    const std::string before = prefix(wirespan::name(event.type));
    const bool is_exact = options_.raw && before.empty();
    print_line(before + body(event), !is_exact || (fragments_of_text_ && event.fin));
  }
  if (flush_now || pending_.size() + pending_record_.size() > flush_size) flush();
}

void Output::sent_close(CloseCode code, std::string_view reason) {
  const std::lock_guard lock(mutex_);
  log([&](Seconds time) { return close_to_json(Direction::sent, code, reason, time); });
  flush();
}

void Output::closed(CloseCode code, std::string_view reason, bool is_error) {
  const std::lock_guard lock(mutex_);
  log([&](Seconds time) { return close_to_json(Direction::received, code, reason, time); });
  prompts_ = false;
  const bool is_frame = code != CloseCode::abnormal_closure;
  if (is_frame && !options_.json && (options_.verbose > 0 || (interactive_ && !is_error))) {
    std::string line = prefix(options_.verbose > 0 ? "close" : "closed");
    if (options_.verbose == 0) line += "closed: ";
    line += std::to_string(static_cast<int>(code)) + " (" + std::string(name(code)) + ')';
    if (!reason.empty()) line += ' ' + for_terminal(reason);
    print_line(line, true);
  }
  flush();
}

void Output::prompt() {
  const std::lock_guard lock(mutex_);
  if (prompts_) pending_ += "> ";
  flush();
}

void Output::error(std::string_view text) {
  const std::lock_guard lock(mutex_);
  if (interactive_) pending_ += escapes_ ? erase_line : "\n";
  flush();
  print_error(text);
}

Seconds Output::now() const {
  return std::chrono::duration<Seconds>(std::chrono::steady_clock::now() - start_).count();
}

/// Adds the JSON of an event to the outputs that want it.
template <class Json>
void Output::log(Json json) {
  if (!options_.json && !record_.is_open()) return;
  const std::string line = json(now()) + '\n';
  if (options_.json) pending_ += line;
  if (record_.is_open()) pending_record_ += line;
}

void Output::log_event(const Event& event) {
  log([&](Seconds time) { return to_json(event, time); });
}

std::string Output::prefix(std::string_view type) const {
  std::string text;
  if (options_.timings) {
    char number[32];
    std::snprintf(number, sizeof number, "%.6f: ", now());
    text += number;
  }
  if (options_.verbose > 0) text += std::string(type) + ": ";
  return text;
}

std::string Output::body(const Event& event) const {
  const bool is_binary =
      event.type == Opcode::binary || (event.type == Opcode::continuation && !fragments_of_text_);
  const std::string_view text = wirespan::wire_text(event.data);
  if (is_binary && options_.lines == LineForm::hex) return to_hex(event.data);
  if (is_binary && !options_.raw) return shown_binary(event.data);
  if (is_control_event(event) && !wirespan::is_valid_utf8(event.data)) {
    return wirespan::escaped(text);
  }
  return std::string(text);
}

void Output::print_line(std::string_view line, bool end_line) {
  if (interactive_) pending_ += escapes_ ? erase_line : "\r";
  if (colours_) pending_ += blue;
  if (prompts_) pending_ += "< ";
  pending_ += terminal_ ? for_terminal(line) : std::string(line);
  if (colours_) pending_ += default_colour;
  if (end_line) pending_ += '\n';
  if (prompts_) pending_ += "> ";
}

void Output::flush() {
  write_all(STDOUT_FILENO, pending_, "standard output");
  write_all(record_.get(), pending_record_, options_.record);
  pending_.clear();
  pending_record_.clear();
}

void Output::write_all(int fd, std::string_view text, const std::string& name) {
  while (!text.empty() && !failed_) {
    const auto written = ::write(fd, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      failed_ = true;
      print_error(name + ": " + std::generic_category().message(errno));
    }
  }
}

void print_error(std::string_view text) {
  const std::string line = "wsdump: " + for_terminal(text) + '\n';
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace wsdump
