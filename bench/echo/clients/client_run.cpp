// client_run.cpp - arguments, time window and result of a benchmark client.
#include "client_run.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "../load/process.hpp"
#include "histogram.hpp"

namespace wirespan::bench {

struct ClientRun::Figures {
  Histogram latency;
  std::uint64_t batch_start = 0;
  std::uint64_t start = 0;  // of the measured window, after a quarter of its length to warm up
  std::uint64_t end = 0;
  std::uint64_t cpu_at_start = 0;
  std::uint64_t messages = 0;
  bool warm = false;
};

ClientRun::ClientRun(int argc, char** argv) : figures_(std::make_unique<Figures>()) {
  busy_ = argc == 6 && std::strcmp(argv[5], "busy") == 0;
  if (argc != 5 && !busy_) {
    std::fprintf(stderr, "usage: %s PORT SIZE DEPTH SECONDS [busy]\n", argv[0]);
    std::exit(2);
  }
  port_ = static_cast<std::uint16_t>(std::atoi(argv[1]));
  depth_ = std::strtoul(argv[3], nullptr, 10);
  payload_.resize(std::strtoul(argv[2], nullptr, 10));
  for (std::size_t i = 0; i < payload_.size(); ++i) payload_[i] = static_cast<char>(i * 131 >> 3);
  const double seconds = std::strtod(argv[4], nullptr);
  figures_->start = now() + static_cast<std::uint64_t>(seconds * 0.25e9);
  figures_->end = figures_->start + static_cast<std::uint64_t>(seconds * 1e9);
}

ClientRun::~ClientRun() = default;

std::string ClientRun::url() const {
  std::string url = "ws://127.0.0.1:";
  url += std::to_string(port_);
  return url += '/';
}

void ClientRun::begin_batch() { figures_->batch_start = now(); }

void ClientRun::check(const void* data, std::size_t size) const {
  if (size == payload_.size() && std::memcmp(data, payload_.data(), size) == 0) return;
  std::fprintf(stderr, "what came back is not what was sent\n");
  std::exit(1);
}

bool ClientRun::end_batch() {
  const std::uint64_t time = now();
  Figures& figures = *figures_;
  if (figures.warm) {
    figures.latency.add(time - figures.batch_start, depth_);
    figures.messages += depth_;
  } else if (time >= figures.start) {
    figures.warm = true;
    figures.start = time;
    figures.cpu_at_start = cpu_time(0);
  }
  if (time < figures.end || figures.messages == 0) return true;
  print();
  return false;
}

void ClientRun::print() const {
  const auto messages = static_cast<double>(figures_->messages);
  const auto round_trip = [&](double share) {
    return static_cast<double>(figures_->latency.quantile(share)) / 1000;
  };
  std::printf(
      "{\"messages\": %.0f, \"per_second\": %.1f, \"own_us\": %.4f, \"p50\": %.1f, \"p99\": "
      "%.1f}\n",
      messages, messages * 1e9 / static_cast<double>(now() - figures_->start),
      static_cast<double>(cpu_time(0) - figures_->cpu_at_start) / 1000 / messages, round_trip(0.5),
      round_trip(0.99));
  std::fflush(stdout);
}

}  // namespace wirespan::bench
