// topics_bench.cpp - fan-out without a network: subscribing to a topic, making the shared frame,
// and passing it through the write queue of each subscriber.
#include <array>
#include <cstddef>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "bench_data.hpp"
#include <wirespan/app/server/topics.hpp>
#include <wirespan/core/byte_buffer.hpp>
#include <wirespan/core/frame.hpp>
#include <wirespan/core/published_frame.hpp>
#include <wirespan/net/write_queue.hpp>

namespace wirespan::bench {
namespace {

constexpr Topics::Member member_count = 1000;
constexpr std::string_view topic = "prices/ABC";

/// The plain implementation: sets of members by name.
class PlainTopics {
 public:
  void subscribe(Topics::Member member, std::string_view name) {
    topics_[std::string(name)].insert(member);
  }
  void unsubscribe(Topics::Member member, std::string_view name) {
    topics_[std::string(name)].erase(member);
  }
  [[nodiscard]] const std::set<Topics::Member>& members(std::string_view name) {
    return topics_[std::string(name)];
  }

 private:
  std::map<std::string, std::set<Topics::Member>> topics_;
};

template <class Registry>
void subscribe_all(Registry& registry) {
  for (Topics::Member member = 0; member < member_count; ++member) {
    registry.subscribe(member, topic);
  }
}

/// A member from the middle of the topic unsubscribes and subscribes again.
template <class Registry>
void subscribe_and_leave(benchmark::State& state) {
  Registry registry;
  subscribe_all(registry);
  Topics::Member member = 0;
  for (auto _ : state) {
    registry.unsubscribe(member, topic);
    registry.subscribe(member, topic);
    member = (member + 387) % member_count;
  }
  state.SetItemsProcessed(state.iterations());
}

/// Finds the topic and iterates over all members.
template <class Registry>
void look_up(benchmark::State& state) {
  Registry registry;
  subscribe_all(registry);
  for (auto _ : state) {
    Topics::Member sum = 0;
    for (const Topics::Member member : registry.members(topic)) sum += member;
    benchmark::DoNotOptimize(sum);
  }
  count_messages(state, member_count, 0);
}

/// A turn in which `messages` are published, without the kernel's share: for each subscriber the
/// shared frames are pushed to a pooled write queue, gathered for one write, and consumed.
void deliver(benchmark::State& state) {
  const auto messages = static_cast<std::size_t>(state.range(0));
  const auto payload = random_bytes(static_cast<std::size_t>(state.range(1)));
  Topics topics;
  subscribe_all(topics);
  net::WriteQueuePool pool(heap_blocks());
  std::vector<std::unique_ptr<net::WriteQueue>> queues(member_count);
  std::vector<Bytes> pieces(messages);
  for (auto _ : state) {
    for (std::size_t i = 0; i < messages; ++i) {
      const auto frame = PublishedFrame::make(Opcode::binary, payload);
      for (const Topics::Member member : topics.members(topic)) {
        if (!queues[member]) queues[member] = pool.lend();
        queues[member]->push(frame);
      }
    }
    for (auto& queue : queues) {
      benchmark::DoNotOptimize(queue->gather(pieces));
      benchmark::DoNotOptimize(pieces.data());
      queue->consume(queue->size());
      pool.take_back(std::move(queue));
    }
  }
  count_messages(state, messages * member_count, 0);
}

/// The plain implementation: a copy of each frame into the output buffer of each subscriber.
void deliver_copies(benchmark::State& state) {
  const auto messages = static_cast<std::size_t>(state.range(0));
  const auto payload = random_bytes(static_cast<std::size_t>(state.range(1)));
  Topics topics;
  subscribe_all(topics);
  std::vector<ByteBuffer> outputs(member_count);
  for (auto _ : state) {
    for (std::size_t i = 0; i < messages; ++i) {
      const auto frame = PublishedFrame::make(Opcode::binary, payload);
      for (const Topics::Member member : topics.members(topic)) {
        outputs[member].append(frame->bytes());
      }
    }
    for (ByteBuffer& output : outputs) {
      benchmark::DoNotOptimize(output.data().data());
      output.clear();
    }
  }
  count_messages(state, messages * member_count, 0);
}

void make_frame(benchmark::State& state) {
  const auto payload = random_bytes(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    const auto frame = PublishedFrame::make(Opcode::binary, payload);
    benchmark::DoNotOptimize(frame->bytes().data());
  }
  count_messages(state, 1, payload.size());
}

/// The lower bound of make_frame: an allocation and a copy of the payload.
void copy_payload(benchmark::State& state) {
  const auto payload = random_bytes(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    std::vector<std::byte> copy(payload);
    benchmark::DoNotOptimize(copy.data());
  }
  count_messages(state, 1, payload.size());
}

void bursts(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"messages", "bytes"})->Args({1, 16})->Args({16, 16})->Args({1, 16384});
}

void sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgName("bytes");
  for (const int size : {16, 1024, 16384, 65536}) benchmark->Arg(size);
}

BENCHMARK(subscribe_and_leave<Topics>)->Name("topics/subscribe_and_leave/topics");
BENCHMARK(subscribe_and_leave<PlainTopics>)->Name("topics/subscribe_and_leave/sets");
BENCHMARK(look_up<Topics>)->Name("topics/look_up/topics");
BENCHMARK(look_up<PlainTopics>)->Name("topics/look_up/sets");
BENCHMARK(deliver)->Name("topics/deliver/shared")->Apply(bursts);
BENCHMARK(deliver_copies)->Name("topics/deliver/copies")->Apply(bursts);
BENCHMARK(make_frame)->Name("frame/publish")->Apply(sizes);
BENCHMARK(copy_payload)->Name("frame/copy")->Apply(sizes);

}  // namespace
}  // namespace wirespan::bench
