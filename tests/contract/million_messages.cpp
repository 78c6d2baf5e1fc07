// million_messages.cpp - million_messages URL COUNT [CA] sends COUNT messages of 64 bytes to an
// echo server, up to 256 of them in flight, and fails unless all come back unchanged and in order.
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>

#include <wirespan/app/websocket_app.hpp>

namespace {

constexpr std::size_t message_size = 64;
constexpr std::uint64_t in_flight = 256;

/// Returns the number followed by letters derived from it, so that a mixture of two messages shows.
std::string message_number(std::uint64_t number) {
  std::string text = std::to_string(number) + ":";
  std::uint64_t state = number * 0x9E3779B97F4A7C15U + 1;
  while (text.size() < message_size) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    text.push_back(static_cast<char>('a' + state % 26));
  }
  return text;
}
/// Keeps up to 256 messages in flight, checks each echo, and closes after the last one.

class Pipeline final : public wirespan::WebSocketApp {
 public:
  Pipeline(const std::string& url, std::uint64_t count) : WebSocketApp(url), count_(count) {}

  void on_open() override {
    while (sent_ < count_ && sent_ < in_flight) send(message_number(sent_++));
  }

  void on_message(const wirespan::Message& message) override {
    if (!message.is_text() || message.text() != message_number(received_)) {
      std::printf("message %llu came back as: %s\n", static_cast<unsigned long long>(received_),
                  std::string(message.text()).c_str());
      return close(wirespan::CloseCode::invalid_payload);
    }
    ++received_;
    if (sent_ < count_) send(message_number(sent_++));
    if (received_ == count_) close();
  }

  void on_error(const std::exception& error) override { std::printf("error: %s\n", error.what()); }

  [[nodiscard]] bool complete() const noexcept { return received_ == count_; }

 private:
  std::uint64_t count_;
  std::uint64_t sent_ = 0;
  std::uint64_t received_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const auto count = std::strtoull(argv[2], nullptr, 10);
  Pipeline pipeline(argv[1], count);
  wirespan::RunOptions options;
  if (argc > 3) options.sslopt.ca_certs = argv[3];
  const auto start = std::chrono::steady_clock::now();
  const auto result = pipeline.run_forever(options);
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
  if (!pipeline.complete() || result.failed() || result.close.code != wirespan::CloseCode::normal)
    return 1;
  std::printf("%llu messages, all back in order, %.1f s\n", count, time.count());
  return 0;
}
