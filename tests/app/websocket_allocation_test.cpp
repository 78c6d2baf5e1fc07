// Fault injection: the blocking client when the n-th allocation of a call fails, for every n.
// [new.delete]
#include <cstdlib>
#include <limits>
#include <new>
#include <string>

#include <gtest/gtest.h>

#include "support/blocking.hpp"

namespace {

constexpr long never = std::numeric_limits<long>::max();

/// Allocations of this thread that may succeed; only the one after them fails.
thread_local long allowed = never;

}  // namespace

void* operator new(std::size_t size) {
  if (allowed != never && allowed-- == 0) {
    allowed = never;
    throw std::bad_alloc();
  }
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace wirespan::test {
namespace {

constexpr std::size_t large = 300'000;  // takes several reads and the assembler

/// A peer that sends a large message in two fragments and a small one, then reads to the end.
void send_large_and_small(RawPeer& peer) {
  (void)peer.accept();
  const std::string half = letters(large / 2);
  (void)peer.send_frame(0x02, half);
  (void)peer.send_frame(0x80, half);
  (void)peer.send_text("small");
  (void)peer.read_to_end();
}

void expect_ended(WebSocket& ws) {
  EXPECT_FALSE(ws.connected());
  EXPECT_EQ(ws.fileno(), -1);
  EXPECT_EQ(thrown_by([&] { (void)ws.recv(); }), closed_exception(Errc::not_open));
  EXPECT_EQ(thrown_by([&] { (void)ws.send("more"); }), closed_exception(Errc::not_open));
  ws.close();
}

/// Runs `call` with every allocation of it failing in turn; returns how many of them have reached
/// the caller. Each has ended the connection.
template <class Call>
int fail_each_allocation(Call call) {
  RawServer server(send_large_and_small);
  int thrown = 0;
  for (long n = 0; n < 1000; ++n) {
    WebSocket ws = create_connection(server.url(), options_for(Link{}));
    allowed = n;
    bool has_thrown = false;
    try {
      call(ws);
    } catch (const std::bad_alloc&) {
      has_thrown = true;
    } catch (const WebSocketException&) {
      // a layer that survives without the memory has reported an end of the connection
    }
    const bool has_failed = allowed == never;
    allowed = never;
    if (has_thrown) {
      SCOPED_TRACE("allocation " + std::to_string(n));
      expect_ended(ws);
      ++thrown;
    }
    if (!has_failed) return thrown;
  }
  ADD_FAILURE() << "the call still fails";
  return thrown;
}

TEST(WebSocketAllocation, a_receive_call_without_memory_ends_the_connection) {
  const int thrown = fail_each_allocation([](WebSocket& ws) {
    EXPECT_EQ(ws.recv().data.size(), large);
    EXPECT_EQ(ws.recv().data, "small");
  });
  EXPECT_GT(thrown, 2);
}

TEST(WebSocketAllocation, a_send_without_memory_ends_the_connection) {
  const std::string text = letters(large);
  EXPECT_GT(fail_each_allocation([&](WebSocket& ws) { (void)ws.send(text); }), 0);
}

TEST(WebSocketAllocation, send_many_without_memory_ends_the_connection) {
  const std::string text = letters(large);
  const std::string_view texts[] = {text, "small", text};
  EXPECT_GT(fail_each_allocation([&](WebSocket& ws) { (void)ws.send_many(texts); }), 0);
}

TEST(WebSocketAllocation, close_without_memory_ends_the_connection) {
  const auto call = [](WebSocket& ws) { ws.close(STATUS_NORMAL, "bye", 0ms); };
  EXPECT_GT(fail_each_allocation(call), 0);
}

TEST(WebSocketAllocation, an_object_that_had_no_memory_can_connect_again) {
  RawServer server(send_large_and_small);
  WebSocket ws = create_connection(server.url(), options_for(Link{}));
  allowed = 0;
  EXPECT_THROW((void)ws.recv(), std::bad_alloc);
  allowed = never;
  ws.connect(server.url());
  EXPECT_EQ(ws.recv().data.size(), large);
  ws.close(STATUS_NORMAL, {}, 0ms);
}

}  // namespace
}  // namespace wirespan::test
